#include <carousel/carousel.hpp>

#include <utility>

// error: this was not awaited: write auto [...] = co_await ...

carousel::task<> use(carousel::file log, carousel::file data) {
#ifdef CAROUSEL_EXPECT_FAILURE
  const auto [one, two] = carousel::when_all(log.sync_all(), data.sync_all());
#else
  const auto [one, two] = co_await carousel::when_all(log.sync_all(), data.sync_all());
#endif
  (void)one;
  (void)two;
  co_return;
}
