#include "doctor/ring_flags.hpp"

#include <linux/io_uring.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include "common/owned_descriptor.hpp"

namespace carousel::tool {
namespace {

struct named_flag {
  const char* name;
  unsigned flag;
  unsigned with;  ///< what the kernel wants beside it
};

constexpr std::array<named_flag, 4> wanted = {{
    {"SUBMIT_ALL", IORING_SETUP_SUBMIT_ALL, 0},
    {"COOP_TASKRUN", IORING_SETUP_COOP_TASKRUN, 0},
    {"SINGLE_ISSUER", IORING_SETUP_SINGLE_ISSUER, 0},
    {"DEFER_TASKRUN", IORING_SETUP_DEFER_TASKRUN, IORING_SETUP_SINGLE_ISSUER},
}};

bool takes(unsigned flags) noexcept {
  io_uring_params params{};
  params.flags = flags;
  const owned_descriptor made(static_cast<int>(::syscall(SYS_io_uring_setup, 1, &params)));
  return made.fd() >= 0;
}

}  // namespace

ring_flags probe_ring_flags() {
  ring_flags found;
  for (const named_flag& f : wanted)
    (takes(f.flag | f.with) ? found.taken : found.refused).emplace_back(f.name);
  return found;
}

}  // namespace carousel::tool
