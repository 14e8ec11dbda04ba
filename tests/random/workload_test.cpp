#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "fake/kernel.hpp"
#include "loop/loop.hpp"
#include "loop/runtime_access.hpp"
#include "random/outer_loop.hpp"
#include "random/world.hpp"
#include "support/temp_dir.hpp"

// Random tasks on the fake kernel, run after run, each decided by one number.
//
// usage: random_workload_test [--seed=N | --first=N --seeds=N]
//
// What the library reports about operations that never end is shown with --seed only.

namespace carousel::random_test {
namespace {

struct arguments {
  std::uint64_t first = 1;
  std::uint64_t seeds = 1000;
  bool one = false;
};

std::set<int> open_descriptors() {
  std::set<int> all;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    all.insert(std::atoi(entry.path().filename().c_str()));
  if (!all.empty()) all.erase(std::prev(all.end()));  // the directory's own
  return all;
}

void close_others(const std::set<int>& before) {
  for (const int fd : open_descriptors()) {
    if (!before.contains(fd)) ::close(fd);
  }
}

[[noreturn]] void fail(const fake::kernel_options& options, const plan& p, const char* sentence) {
  fake::trace after;
  after.set_options(options.describe() + "\n  plan: " + p.describe());
  after.fail(0, sentence);
}

/// Keeps stderr quiet for a while. What the library says there is shown if it stops the process.
class muted_stderr {
 public:
  explicit muted_stderr(bool on) noexcept {
    if (!on) return;
    shown = dup(STDERR_FILENO);
    kept = memfd_create("silenced", MFD_CLOEXEC);
    dup2(kept, STDERR_FILENO);
  }
  muted_stderr(const muted_stderr&) = delete;
  muted_stderr& operator=(const muted_stderr&) = delete;
  ~muted_stderr() {
    if (shown < 0) return;
    dup2(shown, STDERR_FILENO);
    ::close(std::exchange(shown, -1));
    ::close(kept);
  }
  /// For a signal handler.
  static void break_off() noexcept {
    if (shown < 0) return;
    dup2(shown, STDERR_FILENO);
    std::array<char, 512> some{};
    off_t at = 0;
    for (ssize_t n = 0; (n = pread(kept, some.data(), some.size(), at)) > 0; at += n)
      (void)!::write(STDERR_FILENO, some.data(), static_cast<std::size_t>(n));
  }

 private:
  static inline int shown = -1;
  static inline int kept = -1;
};

void run_one(std::uint64_t seed, const std::filesystem::path& directory, bool verbose) {
  fake::kernel_options options = fake::kernel_options::from_seed(seed);
  const plan p = plan::from_seed(seed, options);
  const std::filesystem::path scratch = directory / "run";
  std::filesystem::create_directory(scratch);
  const std::set<int> before = open_descriptors();
  bool drained = true;
  {
    world w(seed, options, scratch);
    auto made_kernel = std::make_unique<fake::kernel>(options);
    w.kernel = made_kernel.get();
    w.kernel->describe("plan: " + p.describe());
    runtime rt = detail::runtime_access::make(std::move(made_kernel), p.runtime).value();
    w.io = &detail::ring_driver::of(*detail::runtime_access::loop_of(rt)->io);
    // The read that waits for other threads stores into the driver itself.
    fake::declared_memory::declare(w.io, sizeof *w.io);
    w.remote.handle = rt.remote();
    w.kernel->set_observer([&w](unsigned completions) {
      w.require_laws();
      w.require(completions == 0 || !w.io->could_submit(),
                "the loop waits while something could be submitted");
    });
    if (p.embedded) {
      outer_loop(w, rt, seed).run(p);
    } else {
      rt.block_on(controller(w, p));
    }
    post_one(w);  // too late to run
    for (shadow_file& f : w.files) f.close_handle();
    for (shadow_pipe& pipe : w.pipes) pipe.close_handle();
    w.silent.close_handle();
    w.callers.close_handles();
    if (w.kernel->waited_as_io().count() != 0 && !options.old_waits)
      fail(options, p, "the loop has waited as if for a disk");
    {
      const muted_stderr no_reports(options.stuck != 0 && !verbose);
      drained = rt.shutdown(p.deadline).has_value();
    }
    if (!drained && options.stuck == 0)
      fail(options, p, "shutdown quarantined though nothing was stuck");
    if (!drained) {
      w.require_laws();
      w.kernel->finish_late();
    }
    fake::declared_memory::forget(w.io);
    require_nothing_handed_over(w);
    if (!w.held.empty()) fail(options, p, "a task lives on after the runtime's end");
    for (const pool_model& pool : w.pools) {
      if (drained && pool.leased() != 0)
        fail(options, p, "a lease has not come back though nothing is in flight");
    }
    if (drained && w.registry.leased() != 0)
      fail(options, p, "a lease of the registry has not come back though nothing is in flight");
    if (!w.sources.empty()) fail(options, p, "an awaiter lives on after the runtime's end");
  }
  std::filesystem::remove_all(scratch);
  if (!drained) return close_others(before);
  if (open_descriptors() != before)
    fail(options, p, "a descriptor was left open, or one too many closed");
}

bool take(std::string_view argument, std::string_view name, std::uint64_t& value) {
  if (!argument.starts_with(name)) return false;
  argument.remove_prefix(name.size());
  const auto [end, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), value);
  return error == std::errc{} && end == argument.data() + argument.size();
}

/// Says how to run it again when the library itself stops the process.
void on_abort(int) {
  muted_stderr::break_off();
  const std::string& command = fake::trace::replay_command();
  (void)!::write(STDERR_FILENO, command.data(), command.size());
  (void)!::write(STDERR_FILENO, "\n", 1);
}

int run_all(int argc, char** argv) {
  arguments a;
  for (int i = 1; i < argc; ++i) {
    const std::string_view given = argv[i];
    if (take(given, "--seed=", a.first)) {
      a.seeds = 1;
      a.one = true;
    } else if (!take(given, "--first=", a.first) && !take(given, "--seeds=", a.seeds)) {
      std::fprintf(stderr, "usage: %s [--seed=N | --first=N --seeds=N]\n", argv[0]);
      return 2;
    }
  }
  std::signal(SIGABRT, on_abort);
  const char* const in_memory = "/dev/shm";
  const test::temp_dir directory(
      ::access(in_memory, W_OK) == 0 ? in_memory : std::filesystem::temp_directory_path());
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t seed = a.first; seed < a.first + a.seeds; ++seed) {
    fake::trace::set_replay(std::string(argv[0]) + " --seed=" + std::to_string(seed));
    run_one(seed, directory.path(), a.one);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::printf("%llu seeds from %llu on, %.0f per second\n",
              static_cast<unsigned long long>(a.seeds), static_cast<unsigned long long>(a.first),
              static_cast<double>(a.seeds) / took.count());
  return 0;
}

}  // namespace
}  // namespace carousel::random_test

int main(int argc, char** argv) { return carousel::random_test::run_all(argc, argv); }
