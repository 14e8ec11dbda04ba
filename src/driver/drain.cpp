#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <utility>

#include "carousel/detail/driver/operation.hpp"
#include "driver/turn.hpp"

// The end of a driver: first everything is cancelled and awaited; what the kernel does not let go
// of by the deadline is named and kept from reuse for ever.

namespace carousel::detail {
namespace {

/// Who reads the report wants to know what is stuck, not a hundred thousand times the same.
constexpr std::size_t stuck_named_max = 20;

void write_descriptor(int fd, std::FILE* out) {
  if (fd < 0) {
    std::fprintf(out, " on a file that is in the ring only");
    return;
  }
  std::fprintf(out, " on descriptor %d", fd);
  std::array<char, 32> link{};
  std::array<char, 256> path{};
  std::snprintf(link.data(), link.size(), "/proc/self/fd/%d", fd);
  if (::readlink(link.data(), path.data(), path.size() - 1) > 0)
    std::fprintf(out, " (%s)", path.data());
}

void write_code_address(const void* address, std::FILE* out) {
  Dl_info where{};
  if (dladdr(address, &where) == 0 || where.dli_fname == nullptr) {
    std::fprintf(out, "%p", address);
    return;
  }
  const auto offset = static_cast<std::size_t>(static_cast<const char*>(address) -
                                               static_cast<const char*>(where.dli_fbase));
  std::fprintf(out, "%s+%#zx", where.dli_fname, offset);
  if (where.dli_sname != nullptr) std::fprintf(out, " (%s)", where.dli_sname);
}

}  // namespace

bool ring_driver::drain(steady_time deadline) {
  waiting_.clear();
  waiting_elsewhere_.clear();
  wake_.end();
  slots_.for_each([this](slot& s) {
    if (s.state == slot_state::free || s.awaiter == nullptr) return;
    s.awaiter->unlink();
    s.awaiter->at = operation_base::no_slot();
    abandon(s);
  });
  ready_queue nobody;
  const auto no_awaiter = [this](waiter&) {
    CAROUSEL_ASSERT_STATE(
        false,
        "an operation without an awaiter wanted to resume one; %zu requests are in "
        "the kernel",
        in_kernel_);
    return false;
  };
  deliver(no_awaiter);
  settle();
  while (in_kernel_ != 0) {
    waiting_.clear();  // who closes a file may have joined the line
    turn(nobody, waiting::allowed, &deadline);
    deliver(no_awaiter);
    settle();
    if (in_kernel_ == 0 || now() < deadline) continue;
    // What the kernel has not taken over is not stuck in it.
    withdraw_unsubmitted(-ECANCELED, nobody);
    if (in_kernel_ != 0) return false;
  }
  CAROUSEL_ASSERT_STATE(nobody.empty(),
                        "operations without an awaiter were to resume one, after %" PRIu64
                        " were submitted",
                        submitted_);
  return true;
}

void ring_driver::quarantine() noexcept {
  std::fprintf(stderr,
               "carousel: the kernel does not let go of what follows; its memory is leaked, never "
               "reused\n");
  coarse_ms_ = coarse_ms_of(now());
  std::size_t stuck = 0;
  slots_.for_each([&](slot& s) {
    if (!held_by_kernel(s)) return;
    if (stuck++ < stuck_named_max) report_stuck(s);
    if (s.kind->quarantine != nullptr) s.kind->quarantine(s);
  });
  if (stuck > stuck_named_max) std::fprintf(stderr, "  and %zu others\n", stuck - stuck_named_max);
  buffers_.abandon();
  files_.clear();
}

void ring_driver::report_stuck(const slot& s) const {
  std::FILE* out = stderr;
  std::fprintf(out, "  %s", name_of(s.code));
  if (s.file != nullptr) write_descriptor(s.file->fd, out);
  if (s.kind->describe != nullptr) s.kind->describe(s, out);
  const auto age_ms = coarse_ms_ - (s.started_ms & ~coarse_ms_is_old);
  const char* const most = (s.started_ms & coarse_ms_is_old) != 0 ? "at most " : "";
  std::fprintf(out, ", for %s%u.%u s", most, age_ms / 1000, age_ms % 1000 / 100);
  if (s.resumes_at != nullptr) {
    if (s.task != 0) {
      std::fprintf(out, ", started by task %u in ", s.task);
    } else {
      std::fprintf(out, ", started outside every task in ");
    }
    write_code_address(s.resumes_at, out);
  }
  std::fprintf(out, "\n");
}

}  // namespace carousel::detail
