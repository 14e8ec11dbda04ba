#include <sys/resource.h>

#include <algorithm>
#include <cstdint>
#include <string>

#include "carousel/detail/buf/buf_collection.hpp"

namespace carousel::detail {

std::string buf_collection::memlock_report() const {
  constexpr std::uint64_t page_bytes = 4096;
  // Every page that a buffer touches is charged, once per registration, whoever else touches it. A huge page is charged whole.
  const std::uint64_t step =
      options_.huge == huge_pages::transparent ? std::uint64_t{2} << 20U : page_bytes;
  std::uint64_t needed = 0;
  std::uint64_t counted_to = 0;
  for (const buf_entry& e : entries_) {
    if (e.quarantined) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(e.data) / step * step;
    const auto end =
        (reinterpret_cast<std::uintptr_t>(e.data) + e.capacity + step - 1) / step * step;
    const std::uint64_t first = std::max<std::uint64_t>(begin, begin < counted_to ? counted_to : 0);
    if (end > first) needed += end - first;
    counted_to = end;
  }
  rlimit limit{};
  getrlimit(RLIMIT_MEMLOCK, &limit);
  std::string text = "registering these buffers locks up to " + std::to_string(needed) + " bytes; ";
  if (limit.rlim_cur == RLIM_INFINITY) return text + "RLIMIT_MEMLOCK sets no limit here";
  text += "RLIMIT_MEMLOCK allows " + std::to_string(limit.rlim_cur) +
          " bytes to all programs of the user together, rings included; to raise it: ulimit -l " +
          std::to_string((needed + 1023) / 1024 + 1024);
  return text + ", or LimitMEMLOCK= of the systemd unit, or a line \"USER hard memlock " +
         std::to_string((needed + 1023) / 1024 + 1024) + "\" in /etc/security/limits.conf";
}

}  // namespace carousel::detail
