#include "copy/copy_threads.hpp"

#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "common/make_runtime.hpp"

namespace carousel::tool {
namespace {

/// For what the kernel holds when the copy was interrupted.
constexpr std::chrono::seconds stop_deadline{1};
/// Each has few operations in flight.
constexpr unsigned ring_entries = 64;

/// Of a thread that has all of a directory.
constexpr std::size_t bundles_ahead_max = 2;

/// Descriptors for all else, and those of a thread that copies: its ring, what wakes it, and two
/// files.
constexpr std::size_t descriptors_kept = 64;
constexpr std::size_t descriptors_each = 8;

std::size_t threads_with_descriptors(std::size_t wanted) noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return wanted;
  const auto left = static_cast<std::size_t>(limit.rlim_cur) -
                    std::min<std::size_t>(limit.rlim_cur, descriptors_kept);
  return std::min(wanted, left / descriptors_each);
}

/// Signals are for the thread that walks: none ends a call of another one early.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

}  // namespace

/// One of them. What is here belongs to the thread that walks; what `started` leads to is on the
/// stack of the thread itself, and used there.
class copy_threads::thread {
 public:
  thread(copy_buffers::sizes buffers, const shared& all) {
    std::promise<std::optional<started>> told;
    auto answer = told.get_future();
    const signals_blocked in_it;
    running_ = std::thread(
        [buffers, all, told = std::move(told)]() mutable { run(buffers, all, std::move(told)); });
    here_ = answer.get();
  }
  thread(const thread&) = delete;
  thread& operator=(const thread&) = delete;
  ~thread() { stop(); }

  void ask_to_stop() {
    if (here_) here_->remote.post([over = here_->over] { over->set(); });
    here_.reset();
  }
  void stop() {
    ask_to_stop();
    if (running_.joinable()) running_.join();
  }

  /// Null: this user has no more threads, or there is no ring or no memory for another.
  static std::unique_ptr<thread> make(copy_buffers::sizes buffers, const shared& all) {
    try {
      auto made = std::make_unique<thread>(buffers, all);
      if (made->here_) return made;
    } catch (const std::system_error&) {
      return nullptr;
    }
    return nullptr;
  }
  [[nodiscard]] std::size_t busy() const noexcept { return busy_; }

  template <class Order, class Outcome>
  task<result<Outcome>> copy(Order order) {
    if (!here_) co_return std::unexpected(make_error_code(errc::shut_down));
    ++busy_;
    auto begun = here_->remote.spawn(
        [copier = here_->copier, order = std::move(order)]() mutable -> task<result<Outcome>> {
          co_return co_await copier->copy(std::move(order));
        });
    auto outcome = co_await std::move(begun);
    --busy_;
    co_return outcome;
  }

 private:
  struct started {
    remote_runtime remote;
    file_copier* copier;
    event* over;
  };

  static void run(copy_buffers::sizes wanted, const shared& all,
                  std::promise<std::optional<started>> told) {
    auto buffers = copy_buffers::make(wanted);
    auto made = buffers ? make_runtime(ring_entries) : std::unexpected(buffers.error());
    auto remote = made ? remote_of(*made) : std::nullopt;
    if (!remote) return told.set_value(std::nullopt);
    file_copier copier(all.options, std::move(*buffers), all.limit, all.bytes);
    event over;
    told.set_value(started{std::move(*remote), &copier, &over});
    made->block_on([](event& e) -> task<> { (void)co_await e.wait(); }(over));
    (void)made->shutdown(stop_deadline);
  }

  /// Nothing where there is no descriptor for it.
  static std::optional<remote_runtime> remote_of(runtime& of) {
    try {
      return of.remote();
    } catch (const std::system_error&) {
      return std::nullopt;
    }
  }

  std::thread running_;
  std::optional<started> here_;
  std::size_t busy_ = 0;
};

copy_threads::copy_threads(std::size_t wanted, copy_buffers::sizes each, const shared& all) {
  wanted = threads_with_descriptors(wanted);
  while (threads_.size() < wanted) {
    auto made = thread::make(each, all);
    if (!made) break;
    threads_.push_back(std::move(made));
  }
}

copy_threads::~copy_threads() { stop(); }

/// Those that were stopped refuse what they get.
copy_threads::thread& copy_threads::least_busy() const noexcept {
  return **std::ranges::min_element(threads_, {}, [](const auto& t) { return t->busy(); });
}

task<result<file_outcome>> copy_threads::copy(file_order order) {
  co_return co_await least_busy().copy<file_order, file_outcome>(std::move(order));
}

task<result<bundle_outcome>> copy_threads::copy(file_bundle bundle) {
  const place* const here = bundle.jobs->front().where.get();
  thread& least = least_busy();
  if (here != directory_ || last_->busy() > least.busy() + bundles_ahead_max) last_ = &least;
  directory_ = here;
  co_return co_await last_->copy<file_bundle, bundle_outcome>(bundle);
}

void copy_threads::stop() {
  for (const auto& t : threads_) t->ask_to_stop();
  for (const auto& t : threads_) t->stop();
}

}  // namespace carousel::tool
