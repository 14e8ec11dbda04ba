#include <carousel/carousel.hpp>

#include <utility>

// error: fixed operations take a lease, or a slice of one, by std::move

auto use(const carousel::file& f, carousel::fixed_buf lease) {
#ifdef CAROUSEL_EXPECT_FAILURE
  return f.read_fixed_at(lease, 0);
#else
  return f.read_fixed_at(std::move(lease), 0);
#endif
}
