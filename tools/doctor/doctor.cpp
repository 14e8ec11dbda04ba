#include "doctor/doctor.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>
#include <utility>

#include "carousel/carousel.hpp"
#include "common/last_error.hpp"
#include "common/make_runtime.hpp"
#include "common/memlock.hpp"
#include "common/output.hpp"
#include "doctor/direct_io.hpp"
#include "doctor/kernel_version.hpp"
#include "doctor/ring_flags.hpp"

namespace carousel::tool {
namespace {

constexpr rlim_t wanted_memlock_kib = 131072;  // 64 MiB of buffers, the rings, and as much again
constexpr rlim_t wanted_files = 1024;
constexpr std::size_t tried_buffers = 64;
constexpr std::size_t tried_buffer_bytes = std::size_t{1} << 20U;

rlimit limit_of(auto which) {
  rlimit limit{};
  ::getrlimit(which, &limit);
  return limit;
}

std::string memlock_fix() { return tool::memlock_fix(wanted_memlock_kib); }

finding check_kernel() {
  utsname name{};
  if (::uname(&name) != 0)
    return {health::warn, "kernel", fmt::format("unknown: {}", error_text(errno)),
            "find out with `uname -r`: Linux 5.11 is needed, 6.1 recommended"};
  const auto* release = static_cast<const char*>(name.release);
  const auto version = kernel_version(release);
  if (!version)
    return {health::warn, "kernel", fmt::format("cannot read the version '{}'", release),
            "compare it yourself: Linux 5.11 is needed, 6.1 recommended"};
  std::string fact = fmt::format("{} {}", static_cast<const char*>(name.sysname), release);
  if (*version < std::pair(5, 11))
    return {health::fail, "kernel", fact + ", older than 5.11", "install Linux 6.1 or later"};
  if (*version < std::pair(6, 1))
    return {health::warn, "kernel", fact + " works, without deferred task work",
            "install Linux 6.1 or later: completions then interrupt the program less"};
  return {health::ok, "kernel", std::move(fact), {}};
}

constexpr const char* filter_fix =
    "allow io_uring_setup, io_uring_enter and io_uring_register in the container's seccomp profile "
    "(docker run --security-opt seccomp=PROFILE.json), or in SELinux";

finding check_io_uring(const result<runtime>& made) {
  if (made) return {health::ok, "io_uring", "a ring was made", {}};
  const std::error_code why = made.error();
  std::string fix = ring_refusal(why);
  if (why == errc::kernel_too_old)
    fix = fmt::format("install Linux 6.1 or later; where that runs already, {}", filter_fix);
  if (why == errc::io_uring_disabled) fix = "sysctl -w kernel.io_uring_disabled=0";
  if (why == errc::io_uring_denied) fix = filter_fix;
  if (why == errc::memlock_limit) fix = memlock_fix();
  return {health::fail, "io_uring", why.message(), std::move(fix)};
}

task<std::error_code> try_operation() {
  const auto about = co_await file::info("/");
  co_return about ? std::error_code() : about.error();
}

/// A filter may let rings be made and refuse their use.
finding check_enter(result<runtime>& made) {
  const char* const name = "io_uring_enter";
  if (!made)
    return {health::warn, name, "not tried, for want of a ring",
            "put io_uring right first, then run this again"};
  const std::error_code why = made->block_on(try_operation());
  if (!why) return {health::ok, name, "an operation was submitted and has completed", {}};
  return {health::fail, name, why.message(), filter_fix};
}

finding check_ring_flags(bool has_ring) {
  const char* const name = "ring flags";
  if (!has_ring)
    return {health::warn, name, "not tried, for want of a ring",
            "put io_uring right first, then run this again"};
  const ring_flags found = probe_ring_flags();
  if (found.refused.empty())
    return {health::ok, name, fmt::format("{}", fmt::join(found.taken, ", ")), {}};
  return {
      health::warn, name,
      fmt::format("this kernel does not take {}; it works without", fmt::join(found.refused, ", ")),
      "install Linux 6.1 or later: completions then interrupt the program less"};
}

finding check_switch(bool has_ring) {
  const char* const name = "kernel.io_uring_disabled";
  int value = 0;
  if (!(std::ifstream("/proc/sys/kernel/io_uring_disabled") >> value))
    return {health::ok, name, "not there: this kernel has no such switch", {}};
  if (value == 0) return {health::ok, name, "0, everybody may use io_uring", {}};
  const char* const fix =
      "sysctl -w kernel.io_uring_disabled=0, and the same line without `sysctl -w` in "
      "/etc/sysctl.d/50-io_uring.conf to keep it";
  if (value == 1)
    return {has_ring ? health::warn : health::fail, name,
            "1, only for CAP_SYS_ADMIN and the group of kernel.io_uring_group", fix};
  return {health::fail, name, fmt::format("{}, nobody may make a ring", value), fix};
}

task<result<>> try_registration() {
  auto pool =
      fixed_buf_pool::make({{tried_buffer_bytes, tried_buffers}}, pool_options{.strict = true});
  if (!pool) co_return std::unexpected(pool.error());
  // Strict, for the kernel's reason: otherwise the pool would go on as a plain one.
  const result<> registered = pool->register_buffers();
  if (!registered) co_return std::unexpected(registered.error());
  const bool fixed = pool->registered() == registration::fixed;
  const result<> undone = pool->unregister_buffers();
  if (!fixed) co_return std::unexpected(make_error_code(errc::not_supported));
  co_return undone;
}

void check_memory(std::vector<finding>& findings, result<runtime>& made) {
  const char* const limit_name = "locked memory limit";
  const char* const real_name = "registered buffers";
  const rlimit limit = limit_of(RLIMIT_MEMLOCK);
  std::optional<result<>> tried;
  if (made) tried = made->block_on(try_registration());

  const bool enough =
      limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur / 1024 >= wanted_memlock_kib;
  if (enough) {
    findings.push_back({health::ok, limit_name, kib_text(limit.rlim_cur), {}});
  } else if (tried && *tried) {
    findings.push_back({health::ok,
                        limit_name,
                        fmt::format("{}, {}", kib_text(limit.rlim_cur),
                                    limit.rlim_cur < tried_buffers * tried_buffer_bytes
                                        ? "which does not bind this process (CAP_IPC_LOCK)"
                                        : "enough for 64 MiB of buffers"),
                        {}});
  } else {
    findings.push_back(
        {health::warn, limit_name,
         fmt::format("{} (hard limit {}), less than {} KiB", kib_text(limit.rlim_cur),
                     kib_text(limit.rlim_max), wanted_memlock_kib),
         memlock_fix()});
  }

  if (!tried) {
    findings.push_back({health::warn, real_name, "not tried, for want of a ring",
                        "put io_uring right first, then run this again"});
  } else if (*tried) {
    findings.push_back({health::ok, real_name, "fixed: the kernel took 64 buffers of 1 MiB", {}});
  } else {
    const std::error_code why = tried->error();
    findings.push_back(
        {health::warn, real_name,
         fmt::format("plain: the kernel refused 64 buffers of 1 MiB ({}); copies work, with "
                     "ordinary buffers",
                     why == errc::memlock_limit ? "RLIMIT_MEMLOCK" : why.message()),
         why == errc::memlock_limit
             ? memlock_fix()
             : std::string("allow io_uring_register in the seccomp profile or security module")});
  }
}

finding check_files() {
  const rlimit limit = limit_of(RLIMIT_NOFILE);
  const char* const name = "open files limit";
  if (limit.rlim_cur == RLIM_INFINITY) return {health::ok, name, "unlimited", {}};
  std::string fact = fmt::format("{}", limit.rlim_cur);
  if (limit.rlim_cur >= wanted_files) return {health::ok, name, std::move(fact), {}};
  std::string fix = fmt::format("`ulimit -n {}`", wanted_files);
  if (limit.rlim_max < wanted_files && ::geteuid() != 0)
    fix = fmt::format(
        "as root write `{} hard nofile {}` in /etc/security/limits.conf, log in again, then {}",
        user_name(), wanted_files, fix);
  return {health::warn, name, fmt::format("{}, less than {}", fact, wanted_files), std::move(fix)};
}

finding check_huge_pages() {
  const char* const name = "huge pages";
  const char* const knob = "/sys/kernel/mm/transparent_hugepage/enabled";
  std::string modes;
  if (!std::getline(std::ifstream(knob), modes))
    return {health::warn, name, "this kernel has no transparent huge pages",
            "a kernel with CONFIG_TRANSPARENT_HUGEPAGE=y; without it ordinary pages are used"};
  const std::size_t from = modes.find('[');
  const std::size_t to = modes.find(']');
  const std::string mode = from < to && to != std::string::npos
                               ? modes.substr(from + 1, to - from - 1)
                               : std::string(modes);
  if (mode == "always" || mode == "madvise")
    return {health::ok, name, fmt::format("transparent: {}", mode), {}};
  return {health::warn, name, fmt::format("transparent: {}; ordinary pages are used", mode),
          fmt::format("as root: echo madvise > {}", knob)};
}

const char* word(health status) {
  switch (status) {
    case health::ok: return "ok";
    case health::warn: return "warn";
    case health::fail: return "FAIL";
  }
  return "";
}

}  // namespace

std::vector<finding> examine(const std::string& path) {
  auto made = make_runtime();
  std::vector<finding> findings;
  findings.push_back(check_kernel());
  findings.push_back(check_io_uring(made));
  findings.push_back(check_enter(made));
  findings.push_back(check_ring_flags(made.has_value()));
  findings.push_back(check_switch(made.has_value()));
  check_memory(findings, made);
  findings.push_back(check_files());
  findings.push_back(check_huge_pages());
  findings.push_back(check_direct(path));
  return findings;
}

int doctor(const std::string& path, bool json) {
  const auto findings = examine(path);
  const bool ok =
      std::ranges::none_of(findings, [](const finding& f) { return f.status == health::fail; });
  if (json) {
    auto checks = nlohmann::json::array();
    for (const finding& f : findings) {
      checks.push_back(
          {{"name", f.name}, {"status", word(f.status)}, {"fact", f.fact}, {"fix", f.fix}});
    }
    const nlohmann::json object = {{"checks", std::move(checks)}, {"ok", ok}};
    say(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
    return ok ? 0 : 1;
  }
  for (const finding& f : findings) {
    say(fmt::format("{:4}  {:24}  {}\n", word(f.status), f.name, f.fact));
    if (!f.fix.empty()) say(fmt::format("{:4}  {:24}  fix: {}\n", "", "", f.fix));
  }
  return ok ? 0 : 1;
}

}  // namespace carousel::tool
