#include <carousel/carousel.hpp>

// error: spawn() takes a task, or a coroutine and all of its arguments

carousel::task<> serve(carousel::tcp_stream peer, int seconds);

void use(const carousel::tcp_stream& peer) {
#ifdef CAROUSEL_EXPECT_FAILURE
  carousel::spawn(serve, peer).detach();
#else
  carousel::spawn(serve, peer, 1).detach();
#endif
}
