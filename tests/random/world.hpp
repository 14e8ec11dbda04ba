#pragma once

#include <carousel/carousel.hpp>

#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <list>
#include <optional>
#include <stop_token>
#include <system_error>
#include <utility>
#include <vector>

#include "driver/ring_driver.hpp"
#include "fake/kernel.hpp"
#include "random/outside_callers.hpp"
#include "random/pool_model.hpp"
#include "random/remote_model.hpp"
#include "random/shadow_file.hpp"
#include "random/shadow_pipe.hpp"

namespace carousel::random_test {

/// How one run is laid out; the kernel's part is in its options.
struct plan {
  runtime_options runtime;
  unsigned actors = 0;
  unsigned actions = 0;   ///< of each actor
  unsigned steps = 0;     ///< of the controller
  unsigned crowd = 0;     ///< tasks that wait for bytes that never come
  bool finish = true;     ///< wait for all tasks, else they die with the runtime
  bool embedded = false;  ///< in an outer_loop, else in one block_on()
  std::chrono::nanoseconds deadline = std::chrono::hours(1);  ///< of shutdown

  [[nodiscard]] static plan from_seed(std::uint64_t seed, fake::kernel_options& options);
  [[nodiscard]] std::string describe() const;
};

class bell;
class watched_counter;

/// Everything that the tasks of one run share. It outlives the runtime.
struct world {
  world(std::uint64_t seed, const fake::kernel_options& options, std::filesystem::path scratch);

  void require(bool holds, const char* sentence) const {
    if (!holds) kernel->fail(sentence);
  }
  /// The fake kernel has been told to give such errors, or a verb around the running task has asked
  /// it to stop.
  void require_injected(std::error_code error) const;
  void require_laws() const;
  /// A pool, or the registry.
  [[nodiscard]] collection_model& some_collection() {
    const auto n = random.below(pools.size() + 1);
    return n == pools.size() ? static_cast<collection_model&>(registry) : pools[n];
  }
  [[nodiscard]] pool_model& some_pool() { return pools[random.below(pools.size())]; }
  [[nodiscard]] shadow_file& some_file() { return files[random.below(files.size())]; }
  [[nodiscard]] std::filesystem::path new_name() {
    return scratch / ("n" + std::to_string(++names));
  }

  fake::random random;
  fake::kernel_options options;
  std::filesystem::path scratch;
  unsigned names = 0;
  fake::kernel* kernel = nullptr;
  detail::ring_driver* io = nullptr;
  std::deque<pool_model> pools;
  registry_model registry;
  std::deque<shadow_file> files;
  std::deque<shadow_pipe> pipes;
  outside_callers callers;
  shadow_pipe silent{shadow_pipe::role::library_reads};
  in_hand held;
  collection_model* closing = nullptr;  ///< the registered one, once it was closed
  const void* registered = nullptr;  ///< a collection_model, or a pool that a task has for itself
  std::list<std::stop_source> sources;  ///< of the stop_on that are awaited
  remote_model remote;
  std::list<bell*> bells;                ///< that tasks wait for
  std::list<watched_counter*> counters;  ///< eventfds whose task waits for the outside
  std::vector<accept_stream<unix_stream>> kept_streams;  ///< they outlive the runtime
  std::function<void()> between_polls;  ///< what a program does outside; empty: nothing
};

/// A lease in a task's hand.
class hand {
 public:
  hand(world& w, fixed_buf lease) : w_(&w), lease_(std::move(lease)) { note(); }
  hand(hand&& other) noexcept : w_(other.w_), lease_(std::move(other.lease_)) {
    other.lease_.reset();
  }
  hand& operator=(hand&&) = delete;
  ~hand() {
    if (lease_) w_->held.erase(address());
  }
  [[nodiscard]] fixed_buf& operator*() noexcept { return *lease_; }
  [[nodiscard]] fixed_buf* operator->() noexcept { return &*lease_; }
  /// Out of the hand, into an operation.
  [[nodiscard]] fixed_buf give() {
    w_->held.erase(address());
    fixed_buf given = std::move(*lease_);
    lease_.reset();
    return given;
  }
  void take(fixed_buf back) {
    lease_.emplace(std::move(back));
    note();
  }

 private:
  [[nodiscard]] const std::byte* address() const noexcept {
    return std::as_const(*lease_).bytes().data();
  }
  void note() const {
    w_->require(w_->held.insert(address()).second, "two tasks have the same buffer");
  }

  world* w_;
  std::optional<fixed_buf> lease_;
};

/// One task that does `actions` things, each drawn at random, one after the other.
task<> actor(world& w, unsigned actions);
/// Starts the others, disturbs them, and ends as the plan says.
task<> controller(world& w, plan p);

// The things that actors do.
task<> use_lease(world& w);
task<> use_registry(world& w);
task<> use_own_pool(world& w);
task<> use_plain_buffers(world& w);
task<> use_linked(world& w);
task<> use_splice(world& w);
task<> use_names(world& w);
task<> use_pipe(world& w);
task<> use_sockets(world& w);
task<> use_streams(world& w);
task<> use_tasks(world& w);
task<> use_verbs(world& w);
task<> use_bell(world& w);
task<> use_futex(world& w);
task<> use_remote(world& w);
task<> use_timers(world& w);
task<> wait_in_crowd(world& w);

/// Wakes one task that waits for a bell, from wherever this is called.
void ring_one(world& w);
/// Writes to an eventfd that a task waits for, if there is one.
void write_one_eventfd(world& w);
/// Hands a callable to the runtime, and something to and from the channel that threads share, from
/// wherever this is called.
void post_one(world& w);
void serve_channel(world& w);
/// Once the runtime has ended.
void require_nothing_handed_over(world& w);

/// A lease of the pool, by one of the ways there are; nothing if there was none to be had.
task<std::optional<hand>> acquire(world& w, pool_model& pool);

}  // namespace carousel::random_test
