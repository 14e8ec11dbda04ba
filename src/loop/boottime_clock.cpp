#include "carousel/time/boottime_clock.hpp"

#include "driver/ring_driver.hpp"
#include "sys/kernel.hpp"

namespace carousel {

boottime_clock::time_point boottime_clock::now() noexcept {
  const detail::context* const here = detail::current_context;
  return time_point(here != nullptr ? detail::ring_driver::of(*here->io).time_since_boot()
                                    : sys::time_since_boot());
}

}  // namespace carousel
