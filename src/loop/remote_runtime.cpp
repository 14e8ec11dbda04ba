#include "carousel/remote_runtime.hpp"

namespace carousel {

remote_runtime remote_runtime::current() {
  detail::context& here = detail::this_context();
  return remote_runtime(here.remote.open(here));
}

}  // namespace carousel
