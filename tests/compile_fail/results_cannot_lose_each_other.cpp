#include <carousel/carousel.hpp>

// error: two results whose moves may throw, one of which cannot be copied

struct moves_badly {
  moves_badly() = default;
  moves_badly(const moves_badly&) = delete;
#ifdef CAROUSEL_EXPECT_FAILURE
  moves_badly(moves_badly&&) noexcept(false) {}
#else
  moves_badly(moves_badly&&) noexcept {}
#endif
};

carousel::task<moves_badly> brings() { co_return moves_badly(); }

carousel::task<> use() { (void)co_await carousel::when_all(brings(), brings()); }
