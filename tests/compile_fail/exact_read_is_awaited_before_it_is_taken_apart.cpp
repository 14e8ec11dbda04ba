#include <carousel/carousel.hpp>

#include <vector>

// error: this was not awaited: write auto [...] = co_await ...

carousel::task<bool> use(carousel::file f) {
#ifdef CAROUSEL_EXPECT_FAILURE
  auto [res, buf] = f.read_exact_at(std::vector<char>(8), 0);
#else
  auto [res, buf] = co_await f.read_exact_at(std::vector<char>(8), 0);
#endif
  co_return res.has_value();
}
