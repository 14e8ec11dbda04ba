#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "carousel/detail/base/any_duration.hpp"
#include "carousel/detail/loop/task_record.hpp"
#include "carousel/remote_runtime.hpp"
#include "carousel/result.hpp"

namespace carousel {

namespace detail {
class loop;
struct runtime_access;
}  // namespace detail

struct runtime_options {
  /// Submission queue entries of the ring, rounded up to a power of two; the completion queue has
  /// twice as many. More operations than this may be in flight: it is the size of a batch, not a
  /// limit.
  unsigned entries = 256;
  /// Operations in flight, rounded up to a multiple of 256; more wait in line for a slot. A slot
  /// takes 192 bytes, and they are made as they are needed. Before Linux 6.1, and without
  /// defers_completions, the kernel may lose a completion that finds the queue full: there are no
  /// more than the queue has entries then, one of 16 bytes for each operation, up to 65,536 less a
  /// few hundred, and fewer only where the kernel has no memory for such a queue.
  unsigned operations_max = 1U << 18U;
  /// How long the destructor waits for operations that the kernel will not let go of: any duration.
  detail::any_duration shutdown_deadline = std::chrono::seconds(5);
  /// A runtime that sleeps with operations in flight counts as waiting for a disk, in `iowait` of
  /// top and in io.pressure of its control group, even if it waits for a silent peer. Off, because
  /// whoever watches these figures looks for slow disks and could not tell them apart. On, Linux
  /// may keep the processor at a higher frequency for a thread that waits. Before Linux 6.15 it is
  /// always on.
  bool iowait = false;
  /// How long a runtime that has nothing to do looks for completions before it sleeps: any
  /// duration. What completes meanwhile is taken up without a wake-up, which costs some
  /// microseconds, on a virtual machine ten and more; the processor is busy all that time, for each
  /// sleep anew, and belongs to nobody else. For who has one to spare. poll() does not spin: a loop
  /// of one's own waits as it likes.
  detail::any_duration spin = std::chrono::nanoseconds(0);
  /// The kernel leaves an operation that is done as it is until this thread drives the runtime the
  /// next time: nothing interrupts it, which is the cheapest. Until then the kernel keeps what the
  /// operation holds; a file that was closed and removed meanwhile keeps its space. Off, it lets go
  /// when the operation is done, wherever the thread is: for a runtime that is left alone with
  /// operations in flight. A system call that the thread sleeps in is interrupted for it; most go
  /// on by themselves, and some return EINTR, as epoll_wait(2) does. What an operation has brought
  /// waits for the runtime either way. Off, no more are in flight than the completion queue has
  /// entries, as operations_max says. Before Linux 6.1 it is always off.
  bool defers_completions = true;
};

/// Figures since the runtime was made.
struct runtime_stats {
  std::uint64_t operations;  ///< operations handed to the kernel
  std::uint64_t enters;      ///< io_uring_enter calls
  std::uint64_t cancels;     ///< cancel requests sent to the kernel
  /// Collections running unregistered because the kernel refused registration.
  std::uint64_t plain_fallbacks;
  std::uint64_t stray_completions;  ///< from the kernel, and nothing expected them; never followed
};

/// One io_uring and the tasks that use it, bound to the thread that made it. Movable while nothing
/// runs in it.
///
/// The destructor is shutdown() with the option's deadline, and reports on stderr what was stuck. A
/// static or thread_local runtime is destroyed by exit(): in its own thread outside of every task
/// that is the same. Where exit() was called inside a task, or in another thread than the
/// runtime's, its tasks stay as they are, no destructor of theirs runs, and the process ends with
/// its status. Until it does, that thread may go on to drive a static runtime. Any other runtime
/// that is destroyed inside a task or in another thread is left so too, which is said on stderr.
///
/// A child of fork() cannot use what it inherited: driving the runtime stops it with a sentence,
/// and destructors there (of the runtime, of pools, leases, files) leave the ring alone. The parent
/// notices nothing. A child may make a runtime of its own.
class runtime {
 public:
  /// Errors: io_uring_disabled, io_uring_denied, kernel_too_old, memlock_limit (the message of each
  /// says what to change), or what the kernel said.
  [[nodiscard]] static result<runtime> make(runtime_options options = {});
  runtime(runtime&&) noexcept;
  runtime& operator=(runtime&&) noexcept;
  ~runtime();

  /// Runs `t` and every other task of this runtime until `t` ends; gives its value or rethrows its
  /// exception. Other tasks stay and go on in the next block_on. Not to be called from inside a
  /// task.
  ///
  /// If nothing can ever happen again (nothing in the kernel, no timer, every task waiting for
  /// another or for a buffer) the process stops with a report of who waits for what.
  template <class T>
  T block_on(task<T> t) {
    auto* made = detail::root_of(std::move(t));
    made->retain();
    struct reference {
      detail::task_outcome<T>* record;
      ~reference() { record->release(); }
    } const at_exit{made};
    run(*made);
    if (made->failure) std::rethrow_exception(std::exchange(made->failure, nullptr));
    return made->take();
  }

  /// For programs with a loop of their own: takes what has completed, runs what is ready and whose
  /// time has come, submits, and does not wait. Such a loop waits until event_fd() is readable, at
  /// most as long as may_wait() says just before; reads event_fd(), if it is readable; and calls
  /// poll(). Its first task is started by a block_on() that ends at once, as examples/own_loop.cpp
  /// does. Error: shut_down.
  [[nodiscard]] result<> poll();
  /// An eventfd for a poll set: readable, until it is read, when poll() has something to do. It
  /// tells of what the kernel and other threads bring, of what a poll() has left to the next one,
  /// and of what the program itself makes ready or ends between two of them, also inside of another
  /// runtime; of timers may_wait() alone tells. Whoever asks for it late is told of what is there
  /// already. The ring's own descriptor does not wake an epoll. Made at the first call; it never
  /// blocks, and the runtime closes it. Errors: shut_down, too_many_files_open, what the kernel
  /// says to a registration.
  [[nodiscard]] result<int> event_fd();
  /// How long a program may wait for event_fd() before it must call poll(): 0 as long as poll() has
  /// something to do, until the next timer, or nanoseconds::max() when only the kernel or another
  /// thread can bring something. In whole milliseconds, rounded up, because that is what poll(2)
  /// and epoll_wait(2) count in: a loop that waits so does not turn in vain before a timer is due.
  /// They take an int: what is longer than INT_MAX milliseconds is -1 to them, for ever.
  /// Linux 6.12 now and then forgets to signal event_fd(), while 6.1 does not: from 6.2 up to 6.17
  /// it is 10 ms at most while the kernel has something and event_fd() was asked for. What another
  /// eventfd wakes, one that a task reads or polls, Linux 6.18 tells some milliseconds late.
  [[nodiscard]] std::chrono::nanoseconds may_wait() const noexcept;

  /// How other threads reach this runtime. Called on its own thread, inside or outside of a task;
  /// of a runtime that was shut down it is a handle that refuses everything. Throws
  /// std::system_error where no eventfd can be had, std::bad_alloc.
  [[nodiscard]] remote_runtime remote();

  /// Ends the runtime: tasks are destroyed, their operations cancelled, and everything the kernel
  /// held comes back before the rings are unmapped. Past the deadline what is still in the kernel
  /// is reported on stderr, twenty operations by name, and its memory is leaked, never reused; the
  /// error is timed_out. Afterwards the runtime is empty.
  [[nodiscard]] result<> shutdown(detail::any_duration deadline);

  [[nodiscard]] runtime_stats stats() const noexcept;

 private:
  friend struct detail::runtime_access;
  runtime(std::unique_ptr<detail::loop> l, std::chrono::nanoseconds deadline) noexcept;
  void run(detail::task_record& until);

  /// Null once it was shut down or moved from. Owned, but by no smart pointer: a destructor in
  /// another thread than the runtime's must leave it as it is for that one.
  detail::loop* loop_;
  std::chrono::nanoseconds deadline_;
};

/// Makes a runtime, runs f(), a callable that returns a task, and gives its value. Throws
/// std::system_error, with a sentence that says what to change, where there is no io_uring.
template <class F>
detail::task_value<F&> start(F f) {
  constexpr bool makes_a_task = detail::makes_a_task<F&>;
  static_assert(makes_a_task,
                "start() takes a callable without parameters that returns a carousel::task");
  if constexpr (makes_a_task) {
    auto made = runtime::make();
    if (!made) throw std::system_error(made.error(), "cannot start a carousel runtime");
    return made->block_on(std::invoke(f));
  }
}
template <class T>
CAROUSEL_REFUSED("start() takes a callable, not a task: start([&] { return f(); })")
T start(task<T> t);

}  // namespace carousel
