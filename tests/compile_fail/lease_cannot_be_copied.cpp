#include <carousel/carousel.hpp>

#include <utility>

// error: a lease has one owner

carousel::fixed_buf use(carousel::fixed_buf& lease) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return carousel::fixed_buf(lease);
#else
  return carousel::fixed_buf(std::move(lease));
#endif
}
