#pragma once

#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <set>
#include <span>
#include <string_view>
#include <vector>

#include "fake/held_file.hpp"
#include "fake/kernel_options.hpp"
#include "fake/memory.hpp"
#include "fake/operation.hpp"
#include "fake/random.hpp"
#include "fake/trace.hpp"
#include "sys/kernel.hpp"

namespace carousel::fake {

/// The second implementation of the seam: io_uring as an ordinary object, over the process's real
/// descriptors, with a clock of its own. One seed decides when, in which order and with what every
/// operation completes; each thing that it may do was seen on a real kernel. It watches what the
/// library lends it: buffers that are touched, freed or lent twice before the last completion end
/// the test with the operation's history.
class kernel final : public sys::kernel {
 public:
  explicit kernel(const kernel_options& options);
  kernel(const kernel&) = delete;
  kernel& operator=(const kernel&) = delete;
  ~kernel() override;

  result<sys::ring_view> setup(sys::ring_size size) override;
  bool supports(std::uint8_t opcode) const noexcept override;
  bool has_nosignal() const noexcept override { return !options_.no_nosignal; }
  bool memlock_binds() const noexcept override { return !options_.no_memlock; }
  int register_buffers(std::span<const iovec> buffers) noexcept override;
  int unregister_buffers() noexcept override;
  int register_files(unsigned count) noexcept override;
  int update_file(unsigned index, int fd) noexcept override;
  std::int32_t write_now(int fd, std::span<const std::byte> from,
                         std::uint64_t at) noexcept override;
  /// Adds 1 where the kernel would. What becomes ready while nobody enters is announced inside of
  /// wait_for_signal() only.
  int register_eventfd(int fd) noexcept override;
  std::chrono::steady_clock::time_point now() const noexcept override { return now_; }
  std::chrono::nanoseconds time_since_boot() const noexcept override {
    return now_.time_since_epoch() + suspended_;
  }
  void pause(std::chrono::nanoseconds duration) noexcept override { now_ += duration; }
  void relax() noexcept override;

  // What a test may ask and do.

  /// The machine sleeps for so long: time passes for the clock of the boot, and for no other.
  void suspend(std::chrono::nanoseconds duration) noexcept;
  [[nodiscard]] std::size_t in_flight() const noexcept { return operations_.size(); }
  /// The operation in flight that has borrowed some of this memory; 0 if none has.
  [[nodiscard]] std::uint64_t borrower(const void* first, std::size_t bytes) const noexcept {
    return lent_.holder(first, bytes);
  }
  [[nodiscard]] bool uses_file(ino_t inode) const noexcept;
  /// A write to this part of the file is in flight.
  [[nodiscard]] bool writes_to(ino_t inode, std::uint64_t begin, std::uint64_t end) const noexcept;
  /// Transfers that the library has tried to do itself.
  [[nodiscard]] unsigned attempts() const noexcept { return attempts_; }
  /// The time spent in waits that count as waiting for a disk.
  [[nodiscard]] std::chrono::nanoseconds waited_as_io() const noexcept { return waited_as_io_; }
  /// Stuck operations end from now on like any other.
  void release_stuck() noexcept;
  /// A runtime ended without waiting: what was in flight ends now, and stores into the memory that
  /// it had borrowed.
  void finish_late();
  /// What a program does between two enters that waits for the eventfd, and no longer than it was
  /// told: time passes until the eventfd is readable, or that long. Fails where that would be for
  /// ever.
  void wait_for_signal(std::chrono::nanoseconds at_most);
  /// The registered eventfd is readable.
  [[nodiscard]] bool has_signal() const noexcept;
  /// Called at the beginning of each enter, with how many completions that waits for.
  void set_observer(std::function<void(unsigned)> f) { observer_ = std::move(f); }
  /// What a failure prints besides the options.
  void describe(const std::string& more) {
    trace_.set_options(options_.describe() + "\n  " + more);
  }
  [[noreturn]] void fail(std::string_view sentence) const { trace_.fail(0, sentence); }

 private:
  using op_list = std::list<operation>;

  int enter_indirect(unsigned to_submit, unsigned min_complete, unsigned flags,
                     const std::chrono::nanoseconds* timeout) noexcept override;

  std::int32_t read_now(int fd, std::span<std::byte> into, std::uint64_t at) noexcept override;
  /// What speaks against a transfer that the library does itself, as an error.
  [[nodiscard]] std::int32_t refuse_inline(int fd, std::span<const std::byte> bytes);

  // Submission.
  [[nodiscard]] unsigned cut_at(unsigned count) const noexcept;
  unsigned consume(unsigned count);
  void submit(const detail::request& entry);
  void join_chain(op_list::iterator op, std::int32_t error);
  void begin_chain();
  void go_on_after(std::uint64_t next, bool broken);
  [[nodiscard]] std::int32_t prepare(operation& op);
  [[nodiscard]] std::int32_t take_file(operation& op);
  [[nodiscard]] std::int32_t take_file(const operation& op, int number, bool in_table,
                                       std::shared_ptr<held_file>& into);
  [[nodiscard]] std::int32_t take_memory(operation& op);
  [[nodiscard]] std::int32_t take_pieces(operation& op, const iovec* first, std::size_t count);
  [[nodiscard]] std::int32_t take_message(operation& op);
  [[nodiscard]] std::int32_t take_fixed(operation& op);
  void take_paths(operation& op);
  [[nodiscard]] std::int32_t take_time(operation& op);
  [[nodiscard]] std::chrono::steady_clock::time_point due_of(const operation& op) const noexcept;
  [[nodiscard]] std::int32_t lend(operation& op);
  [[nodiscard]] std::optional<std::int32_t> run(operation& op);
  void schedule(op_list::iterator op);
  [[nodiscard]] std::int32_t check_futex(const operation& op) const;
  void wait_at_word(operation& op);
  [[nodiscard]] std::int32_t wake_at_word(const operation& waking);
  [[nodiscard]] std::int32_t injected(const operation& op);
  void cancel(operation& request);

  // Completion.
  void progress();
  [[nodiscard]] std::vector<op_list::iterator> candidates();
  bool step(op_list::iterator op);
  void complete(op_list::iterator op, std::int32_t res);
  void store(operation& op, std::int32_t res);
  void store_header(const operation& op);
  void check_lent(const operation& op);
  /// Posts a completion that announces another one. False: there is no room for it, and it must be
  /// the last.
  [[nodiscard]] bool announce(const operation& op);
  [[nodiscard]] bool tell_result_first(operation& op, std::int32_t res);
  void post(const sys::cqe& done);
  void signal() noexcept;
  void announce_ready(const operation& first) noexcept;
  void flush_overflow();
  [[nodiscard]] int wait(unsigned min_complete, const std::chrono::nanoseconds* timeout,
                         unsigned submitted);
  [[nodiscard]] bool wait_outside(int event_fd = -1) const;
  void flag_pending_work();
  [[nodiscard]] std::chrono::steady_clock::time_point next_event() const noexcept;
  [[nodiscard]] unsigned visible() const noexcept { return cq_tail_ - cq_head_; }
  [[nodiscard]] std::chrono::nanoseconds some_time(std::chrono::nanoseconds highest);
  void note(std::uint64_t operation, const char* what, std::int64_t detail = 0);
  /// A failure if the library promises that this never happens, else the kernel's error.
  std::int32_t misuse(const operation& op, std::string_view sentence, std::int32_t error) const;
  void check_table() const;

  kernel_options options_;
  random random_;
  trace trace_;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point now_;
  std::chrono::nanoseconds suspended_{0};
  std::function<void(unsigned)> observer_;
  std::chrono::nanoseconds waited_as_io_{0};
  unsigned attempts_ = 0;

  // The queues. The library writes sq_tail_ and cq_head_.
  std::vector<detail::request> sqes_;
  std::vector<sys::cqe> cqes_;
  std::uint32_t sq_head_ = 0;
  std::uint32_t sq_tail_ = 0;
  std::uint32_t sq_flags_ = 0;
  std::uint32_t cq_head_ = 0;
  std::uint32_t cq_tail_ = 0;
  std::deque<sys::cqe> overflow_;
  int event_fd_ = -1;             ///< a duplicate
  bool looked_at_ = false;        ///< between two enters, by wait_for_signal()
  bool told_of_eventfd_ = false;  ///< since event_fd_ was registered

  bool late_ = false;                     ///< the runtime has ended
  op_list operations_;                    ///< in flight, in the order of their submission
  std::vector<op_list::iterator> chain_;  ///< being taken: each is linked to the one before
  bool chain_failed_ = false;             ///< one of these cannot be begun
  /// What an enter has left in the queue of a chain that it took the beginning of.
  std::uint64_t left_of_chain_ = 0;
  std::uint64_t last_id_ = 0;
  lent_memory lent_;
  file_holder holder_;
  bool has_table_ = false;
  std::vector<iovec> table_;
  std::vector<std::uint64_t> table_declarations_;
  std::vector<std::shared_ptr<held_file>> files_;
  std::set<ino_t> broken_;  ///< sockets whose connection was reset, and which have said so
};

}  // namespace carousel::fake
