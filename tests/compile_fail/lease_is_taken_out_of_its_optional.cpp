#include <carousel/carousel.hpp>

// error: pool.try_next(bytes).value()

auto use(const carousel::file& f, carousel::fixed_buf_pool pool) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return f.read_fixed_at(pool.try_next(4096), 0);
#else
  return f.read_fixed_at(pool.try_next(4096).value(), 0);
#endif
}
