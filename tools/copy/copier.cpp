#include "copy/copier.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

#include "common/interruption.hpp"
#include "common/last_error.hpp"

// The run, the tree, and the files in flight. The command line is in operands.cpp, what happens to
// one file in target_name.cpp and file_copy.cpp.

namespace carousel::tool {
namespace {

constexpr std::size_t reap_at_min = 256;
/// How long operations that are in the kernel may go on after an interruption.
constexpr std::chrono::seconds interruption_grace{2};

/// Also when the coroutine that it is in is destroyed.
class set_at_exit {
 public:
  explicit set_at_exit(event& e) noexcept : event_(e) {}
  set_at_exit(const set_at_exit&) = delete;
  set_at_exit& operator=(const set_at_exit&) = delete;
  ~set_at_exit() { event_.set(); }

 private:
  event& event_;
};

}  // namespace

copier::copier(const copy_options& options, copy_buffers buffers, copy_report& report)
    : options_(options),
      attributes_{options.attributes(), options.archive},
      buffers_(std::move(buffers)),
      report_(report),
      walk_(attributes_, options.sync, report, line_,
            [this](std::shared_ptr<place> where, directory_entry entry, claim claimed) {
              return visit(std::move(where), std::move(entry), std::move(claimed));
            }),
      reap_at_(reap_at_min) {}

task<> copier::run() {
  all_ = spawn([this]() -> task<> {
    const set_at_exit over(ended_);
    co_await copy_all();
  });
  auto guard = spawn([this] { return give_up_when_interrupted(); });
  (void)co_await ended_.wait();
  guard.abort();
  report_.buffers = buffers_.registered();
  auto all = std::move(*all_);
  try {
    co_await std::move(all);
  } catch (const std::system_error& e) {
    if (e.code() != errc::canceled) throw;
  }
}

/// Aborts what does not end by itself: its temporary files go away with it.
task<> copier::give_up_when_interrupted() {
  const bool came = co_await interruption();
  if (!came) co_return;
  co_await sleep_for(interruption_grace);
  for (auto& f : files_) f.abort();
  all_->abort();
}

task<> copier::finish_files() {
  while (!files_.empty()) {
    auto last = std::move(files_.back());
    files_.pop_back();
    co_await std::move(last);
  }
}

// The tree.

task<> copier::visit(std::shared_ptr<place> where, directory_entry entry, claim claimed) {
  using std::filesystem::file_type;
  if (claimed.comes_late) co_await finish_files();
  handles open{where->source, where->target};
  file_job job{where, std::move(open), entry.name, entry.name, std::move(claimed)};
  if (entry.type == file_type::unknown) {
    struct stat about{};
    (void)::fstatat(where->source.fd(), entry.name.c_str(), &about, AT_SYMLINK_NOFOLLOW);
    if (S_ISREG(about.st_mode) || about.st_mode == 0) entry.type = file_type::regular;
    if (S_ISLNK(about.st_mode)) entry.type = file_type::symlink;
  }
  if (entry.type == file_type::regular) {
    co_await start(std::move(job));
    co_return;
  }
  if (entry.type == file_type::symlink) {
    copy_symlink(job);
  } else {
    report_.refuse(source_path(*where, entry.name),
                   "is a FIFO, a socket or a device; these are not copied");
  }
  co_await walk_.leave(std::move(where), std::move(job.open));
}

task<> copier::start(file_job job) {
  auto permit = co_await buffers_.small();
  if (!permit) {
    report_.fail("copy", source_path(*job.where, job.source_name), permit.error());
    co_await walk_.leave(std::move(job.where), std::move(job.open));
    co_return;
  }
  files_.push_back(
      spawn([this](file_job j, fixed_buf p) { return copy_file(std::move(j), std::move(p)); },
            std::move(job), std::move(*permit)));
  if (files_.size() >= reap_at_) co_await reap();
}

/// Forgets the tasks that have ended, so that a tree of any size needs little memory.
task<> copier::reap() {
  std::vector<join_handle<void>> running;
  for (auto& f : std::exchange(files_, {})) {
    if (f.done()) {
      co_await std::move(f);
    } else {
      running.push_back(std::move(f));
    }
  }
  files_ = std::move(running);
  reap_at_ = files_.size() + reap_at_min;
}

void copier::copy_symlink(const file_job& job) {
  const std::string source = source_path(*job.where, job.source_name);
  struct stat about{};
  if (::fstatat(job.open.source.fd(), job.source_name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0)
    return report_.fail("read", source, last_error());
  if (!goes_on(job, plan_of(job, about))) return;
  std::string text(static_cast<std::size_t>(about.st_size) + 1, '\0');
  for (;;) {
    const ssize_t n =
        ::readlinkat(job.open.source.fd(), job.source_name.c_str(), text.data(), text.size());
    if (n < 0) return report_.fail("read the link", source, last_error());
    if (static_cast<std::size_t>(n) < text.size()) {
      text.resize(static_cast<std::size_t>(n));
      break;
    }
    text.resize(text.size() * 2);  // it has grown, or its size was not told
  }
  attribute_losses lost;
  const auto dress = [&](const char* as) {
    lost = copy_link_attributes({job.open.source.fd(), job.source_name.c_str()},
                                {job.open.target.fd(), as}, about, attributes_);
  };
  const auto made = land_symlink(job.open.target, job.target_name, text, replaces(job), dress);
  if (!made && collides(job, made.error())) return;
  if (!made) return fail_to_make("make the link", job, made.error());
  ++report_.symlinks;
  tell(job);
  tell_lost(job, lost);
}

}  // namespace carousel::tool
