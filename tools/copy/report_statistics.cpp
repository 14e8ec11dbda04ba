#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "common/output.hpp"
#include "copy/report.hpp"

// What --stats tells of a copy beside what became of the files.

namespace carousel::tool {
namespace {

/// Of this process, all its threads and the workers of the kernel for it.
struct consumption {
  double user_seconds = 0;
  double system_seconds = 0;
  std::uint64_t memory_kib = 0;  ///< the most at one time
};

double seconds_of(const timeval& t) noexcept {
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
}

consumption consumed() noexcept {
  rusage used{};
  (void)::getrusage(RUSAGE_SELF, &used);
  return {seconds_of(used.ru_utime), seconds_of(used.ru_stime),
          static_cast<std::uint64_t>(used.ru_maxrss)};
}

double per_second(std::uint64_t amount, double seconds) noexcept {
  return static_cast<double>(amount) / std::max(seconds, 1e-6);
}

std::string_view buffers_text(registration r) noexcept {
  switch (r) {
    case registration::none: return "no large buffers were needed";
    case registration::fixed: return "large buffers were registered with the kernel";
    case registration::plain: return "large buffers were plain memory";
  }
  return "";
}

}  // namespace

nlohmann::json copy_report::statistics(double seconds) const {
  const consumption used = consumed();
  return {{"sizes", sizes},
          {"bytes_per_second", per_second(bytes, seconds)},
          {"files_per_second", per_second(files, seconds)},
          {"user_seconds", used.user_seconds},
          {"system_seconds", used.system_seconds},
          {"memory_bytes", used.memory_kib << 10U}};
}

void copy_report::print_statistics(double seconds) const {
  constexpr double mib = 1024.0 * 1024.0;
  const consumption used = consumed();
  say(fmt::format("content: {} bytes copied of files of {} bytes\n", bytes.load(), sizes));
  say(fmt::format("speed: {:.1f} MiB/s, {:.0f} files/s\n", per_second(bytes, seconds) / mib,
                  per_second(files, seconds)));
  say(fmt::format("processor: {:.3f} s of the program, {:.3f} s of the system\n", used.user_seconds,
                  used.system_seconds));
  say(fmt::format("memory: {:.1f} MiB at most; {}\n", static_cast<double>(used.memory_kib) / 1024.0,
                  buffers_text(buffers)));
}

}  // namespace carousel::tool
