#include <carousel/carousel.hpp>

// error: start() takes a callable, not a task: start([&] { return f(); })

carousel::task<> f() { co_return; }

void use() {
#ifdef CAROUSEL_EXPECT_FAILURE
  carousel::start(f());
#else
  carousel::start([&] { return f(); });
#endif
}
