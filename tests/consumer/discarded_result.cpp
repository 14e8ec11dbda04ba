// What g++ 12 says nothing about, and clang-tidy does.

#include <carousel/carousel.hpp>

carousel::task<int> count();

carousel::task<> save(carousel::file f) {
  co_await f.sync_all();       // discarded
  co_await count();            // discarded
  co_await carousel::timeout(  // discarded
      std::chrono::seconds(1), f.sync_all());
  (void)co_await f.sync_data();
  co_await carousel::yield();
  const auto done = co_await f.sync_data();
  if (!done) co_return;
}

int main() {}
