#include <carousel/carousel.hpp>

// error: spawn() takes a callable that returns a carousel::task, and its arguments

carousel::task<> f(int) { co_return; }

void use() {
#ifdef CAROUSEL_EXPECT_FAILURE
  carousel::spawn([](int n) { (void)f(n); }, 1).detach();
#else
  carousel::spawn(f, 1).detach();
#endif
}
