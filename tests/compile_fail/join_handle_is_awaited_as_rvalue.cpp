#include <carousel/carousel.hpp>

#include <utility>

// error: a join handle is awaited once, as an rvalue: co_await std::move(handle)

carousel::task<> use(carousel::join_handle<void> handle) {
#ifdef CAROUSEL_EXPECT_FAILURE
  co_await handle;
#else
  co_await std::move(handle);
#endif
}
