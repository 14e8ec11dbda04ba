#include "sys/linux_version.hpp"

#include <sys/utsname.h>

#include <cstdio>

namespace carousel::sys {
namespace {

linux_version ask() noexcept {
  utsname running{};
  linux_version version;
  if (::uname(&running) != 0) return {};
  if (std::sscanf(running.release, "%d.%d", &version.major_number, &version.minor_number) != 2)
    return {};
  return version;
}

}  // namespace

linux_version running_linux() noexcept {
  static const linux_version running = ask();
  return running;
}

}  // namespace carousel::sys
