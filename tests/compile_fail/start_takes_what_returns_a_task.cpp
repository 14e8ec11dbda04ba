#include <carousel/carousel.hpp>

// error: start() takes a callable without parameters that returns a carousel::task

carousel::task<> f() { co_return; }

void use() {
#ifdef CAROUSEL_EXPECT_FAILURE
  carousel::start([] { (void)f(); });
#else
  carousel::start([] { return f(); });
#endif
}
