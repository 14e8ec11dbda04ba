#include "common/memlock.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

namespace carousel::tool {
namespace {

constexpr rlim_t ring_kib = 1024;  // the rings and their tables, generously

rlimit limit() noexcept {
  rlimit found{};
  ::getrlimit(RLIMIT_MEMLOCK, &found);
  return found;
}

}  // namespace

std::string kib_text(rlim_t bytes) {
  return bytes == RLIM_INFINITY ? "unlimited" : fmt::format("{} KiB", bytes / 1024);
}

std::string memlock_limit_text() { return kib_text(limit().rlim_cur); }

rlim_t memlock_kib_for(std::size_t buffer_bytes) noexcept {
  return (buffer_bytes + 1023) / 1024 + ring_kib;
}

std::string user_name() {
  const uid_t user = ::getuid();
  // limits.conf takes a range of numbers for users without a name.
  const passwd* entry = ::getpwuid(user);
  return entry != nullptr ? std::string(entry->pw_name) : fmt::format("{0}:{0}", user);
}

std::string memlock_fix(rlim_t wanted_kib) {
  const rlimit now = limit();
  const bool alone = now.rlim_max == RLIM_INFINITY || now.rlim_max / 1024 >= wanted_kib;
  const std::string here = fmt::format("`ulimit -l {}`", wanted_kib);
  const std::string line =
      fmt::format("`{} hard memlock {}` in /etc/security/limits.conf", user_name(), wanted_kib);
  const std::string unit =
      fmt::format("`LimitMEMLOCK={}M` in a systemd unit", (wanted_kib + 1023) / 1024);
  if (alone || ::geteuid() == 0)
    return fmt::format("{} in this shell; to keep it: {}; or {}", here, line, unit);
  return fmt::format("as root write {}, log in again, then {}; or {}", line, here, unit);
}

}  // namespace carousel::tool
