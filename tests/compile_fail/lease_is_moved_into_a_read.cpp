#include <carousel/carousel.hpp>

#include <utility>

// error: a lease has one owner: write std::move(lease)

auto use(const carousel::file& f, carousel::fixed_buf lease) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return f.read_at(lease, 0);
#else
  return f.read_at(std::move(lease), 0);
#endif
}
