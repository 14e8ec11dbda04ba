#include "bench/page_kind.hpp"

#include <fmt/format.h>
#include <sys/mman.h>

#include <cstdint>
#include <cstdio>
#include <fstream>

namespace carousel::tool::bench {

void keep_pages_small(std::span<std::byte> memory) noexcept {
  constexpr std::uintptr_t page_bytes = 4096;
  const auto begin = reinterpret_cast<std::uintptr_t>(memory.data()) / page_bytes * page_bytes;
  const auto end = reinterpret_cast<std::uintptr_t>(memory.data()) + memory.size();
  // Where it is refused, there are no huge pages.
  (void)::madvise(memory.data() - (reinterpret_cast<std::uintptr_t>(memory.data()) - begin),
                  end - begin, MADV_NOHUGEPAGE);
}

double huge_part(std::span<const std::byte> memory) {
  const auto from = reinterpret_cast<std::uintptr_t>(memory.data());
  const auto to = from + memory.size();
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  std::uint64_t resident_kib = 0;
  std::uint64_t huge_kib = 0;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t first = 0;
    std::uintptr_t last = 0;
    std::uint64_t kib = 0;
    // The kernel's own numbers.
    // NOLINTBEGIN(cert-err34-c,bugprone-unchecked-string-to-number-conversion)
    if (std::sscanf(line.c_str(), "%lx-%lx ", &first, &last) == 2)
      inside = first < to && from < last;
    else if (inside && std::sscanf(line.c_str(), "Rss: %lu", &kib) == 1)
      resident_kib += kib;
    else if (inside && std::sscanf(line.c_str(), "AnonHugePages: %lu", &kib) == 1)
      huge_kib += kib;
    // NOLINTEND(cert-err34-c,bugprone-unchecked-string-to-number-conversion)
  }
  return resident_kib == 0 ? 0 : static_cast<double>(huge_kib) / static_cast<double>(resident_kib);
}

const char* name_of(pages kind) noexcept {
  return kind == pages::small ? "4 KiB pages" : "huge pages";
}

std::string name_of(variant v) {
  return fmt::format("{}, {}", v.how == verb::plain ? "plain" : "fixed", name_of(v.on));
}

}  // namespace carousel::tool::bench
