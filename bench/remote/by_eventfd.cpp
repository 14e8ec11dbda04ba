#include <sys/eventfd.h>
#include <unistd.h>

#include <thread>

#include "common/hand_ring.hpp"
#include "common/need.hpp"
#include "remote/engine.hpp"

namespace bench {
namespace {

class bell {
 public:
  bell() : fd_(::eventfd(0, EFD_CLOEXEC)) {
    if (fd_ < 0) fail("eventfd");
  }
  bell(const bell&) = delete;
  bell& operator=(const bell&) = delete;
  ~bell() { ::close(fd_); }
  [[nodiscard]] int fd() const noexcept { return fd_; }
  void ring() const {
    const std::uint64_t one = 1;
    if (::write(fd_, &one, sizeof one) != sizeof one) fail("a write to an eventfd failed");
  }
  void wait() const {
    std::uint64_t count = 0;
    if (::read(fd_, &count, sizeof count) != sizeof count || count != 1)
      fail("an eventfd was not written to once");
  }

 private:
  int fd_;
};

class by_read final : public ping_engine {
 public:
  void run(std::uint64_t count) override {
    const std::jthread other([this, count] {
      for (std::uint64_t i = 0; i < count; ++i) {
        there_.wait();
        back_.ring();
      }
    });
    for (std::uint64_t i = 0; i < count; ++i) {
      there_.ring();
      back_.wait();
    }
  }

 private:
  bell there_;
  bell back_;
};

/// Waits for a bell with a read in a ring of its own.
class ring_reader {
 public:
  explicit ring_reader(const bell& of) : of_(of) {
    constexpr unsigned flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN;
    if (io_uring_queue_init(8, &ring_, flags) < 0) fail("io_uring_queue_init");
    io_uring_register_ring_fd(&ring_);
  }
  ring_reader(const ring_reader&) = delete;
  ring_reader& operator=(const ring_reader&) = delete;
  ~ring_reader() { io_uring_queue_exit(&ring_); }
  void wait() {
    io_uring_sqe* const sqe = io_uring_get_sqe(&ring_);
    io_uring_prep_read(sqe, of_.fd(), &count_, sizeof count_, static_cast<std::uint64_t>(-1));
    if (io_uring_submit_and_wait(&ring_, 1) < 0) fail("io_uring_submit_and_wait");
    io_uring_cqe* cqe = nullptr;
    if (io_uring_peek_cqe(&ring_, &cqe) != 0 || cqe->res != sizeof count_ || count_ != 1)
      fail("an eventfd was not written to once");
    io_uring_cqe_seen(&ring_, cqe);
  }

 private:
  const bell& of_;
  io_uring ring_{};
  std::uint64_t count_ = 0;
};

class by_ring final : public ping_engine {
 public:
  void run(std::uint64_t count) override {
    const std::jthread other([this, count] {
      ring_reader there(there_);
      for (std::uint64_t i = 0; i < count; ++i) {
        there.wait();
        back_.ring();
      }
    });
    ring_reader back(back_);
    for (std::uint64_t i = 0; i < count; ++i) {
      there_.ring();
      back.wait();
    }
  }

 private:
  bell there_;
  bell back_;
};

}  // namespace

std::unique_ptr<ping_engine> pings_by_eventfd() { return std::make_unique<by_read>(); }
std::unique_ptr<ping_engine> pings_by_ring() { return std::make_unique<by_ring>(); }

}  // namespace bench
