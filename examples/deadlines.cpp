// Deadlines and a stop for a reader that must not hang: each read may take so long, the whole may
// take so long, and Ctrl-C ends it in the middle. Whatever came before is printed; no buffer is
// lost on the way.
//
//   usage: deadlines [FILE]      try it on a pipe: (sleep 1; echo late) | deadlines /dev/stdin

#include <pthread.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <stop_token>
#include <thread>
#include <tuple>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

// Reads until the end of the file, an error, or a request to stop: then its read says
// errc::canceled, and it returns.
task<result<std::size_t>> print_all(fixed_buf_pool pool, file in) {
  std::size_t total = 0;
  for (;;) {
    fixed_buf lease = or_throw(co_await pool.next(4096));
    const auto [res, buf] =
        co_await timeout(std::chrono::milliseconds(300), in.read_fixed(std::move(lease)));
    if (res.has_value()) {
      if (*res == 0) co_return total;
      std::fwrite(buf.bytes().data(), 1, *res, stdout);
      total += *res;
    } else if (res.error() == errc::timed_out) {
      std::fprintf(stderr, "nothing for 300 ms\n");
    } else {
      std::fprintf(stderr, "%s\n", res.error().message().c_str());
      co_return total;
    }
  }
}

task<> run(const char* path, std::stop_token interrupted) {
  auto pool = or_throw(fixed_buf_pool::make({{.capacity = 4096, .count = 2}}));
  or_throw(pool.register_buffers());
  const file in = or_throw(co_await file::open(path));

  // Whichever ends first stops the other one, and both are awaited.
  const auto [first, results] = co_await when_any(stop_on(interrupted, print_all(pool, in)),
                                                  sleep_for(std::chrono::seconds(5)));
  const auto& total = std::get<0>(results);
  std::printf("%zu bytes%s\n", total.value_or(0), first == 1 ? ", then the time was up" : "");
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t interrupt;
  sigemptyset(&interrupt);
  sigaddset(&interrupt, SIGINT);
  sigaddset(&interrupt, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);

  // Another thread waits for the signal and stops the reader on this one.
  std::stop_source source;
  std::jthread signals([&] {
    int which = 0;
    sigwait(&interrupt, &which);
    source.request_stop();
  });
  start([&] { return run(argc > 1 ? argv[1] : "/etc/hostname", source.get_token()); });
  pthread_kill(signals.native_handle(), SIGUSR1);  // nobody pressed Ctrl-C: let it end
}
