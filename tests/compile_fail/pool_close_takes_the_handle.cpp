#include <carousel/carousel.hpp>

#include <utility>

// error: close() takes the handle: co_await std::move(x).close()

auto use(carousel::fixed_buf_pool& pool) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return pool.close();
#else
  return std::move(pool).close();
#endif
}
