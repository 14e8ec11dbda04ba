#include <carousel/carousel.hpp>

#include <utility>

// error: hand_over() takes the lease: std::move(x).hand_over()

auto use(carousel::fixed_buf& lease) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return lease.hand_over();
#else
  return std::move(lease).hand_over();
#endif
}
