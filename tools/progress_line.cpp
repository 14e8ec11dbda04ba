#include "progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace carousel::tool {

void progress_line::show(std::uint64_t files, std::uint64_t bytes) const {
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start_;
  const double mib = static_cast<double>(bytes) / (1 << 20);
  fmt::print(stderr, "\r{} files, {:.0f} MiB, {:.0f} MiB/s\x1b[K", files, mib,
             mib / std::max(taken.count(), 1e-3));
  std::fflush(stderr);
}

progress_line::~progress_line() {
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace carousel::tool
