#include "copy/copier.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <chrono>
#include <system_error>
#include <utility>

#include "common/interruption.hpp"

// The run, the tree, and the files in flight. The command line is in operands.cpp, what happens to
// one file in target_name.cpp and file_copy.cpp, to what has no content in node_copy.cpp.

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

copier::copier(const copy_options& options, copy_buffers buffers, copy_report& report,
               manifest* list)
    : options_(options),
      attributes_{options.attributes(), options.archive},
      buffers_(std::move(buffers)),
      report_(report),
      list_(list),
      limit_(options.bytes_per_second),
      foreseen_(options.sources.size() > 1),
      walk_(attributes_,
            {options.follows_links(), options.one_file_system, exclusions(options.excluded),
             options.dry_run ? &foreseen_ : nullptr, options.remove_extras ? &extras_ : nullptr},
            options.sync == sync_wish::full, report, line_,
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
  if (claimed.comes_late) co_await finish_files();
  const bool follow = options_.follows_links();
  const unsigned type = entry_type(where->source.fd(), entry, follow);
  handles open{where->source, where->target};
  file_job job{std::move(where), std::move(open),    entry.name,
               entry.name,       std::move(claimed), follow};
  co_await copy_entry(std::move(job), type);
}

/// What is no directory, by its type as in st_mode. What cannot be looked at is tried as a file,
/// and said there.
task<> copier::copy_entry(file_job job, unsigned type) {
  if (type == S_IFREG || type == 0) {
    co_await start(std::move(job));
    co_return;
  }
  if (type == S_IFLNK || options_.archive) {
    const bool made = copy_node(job);
    if (job.where) {
      for (file_job& waited : end_lead(job, made)) co_await start(std::move(waited));
    }
  } else {
    report_.refuse(source_path(*job.where, job.source_name),
                   "is a FIFO, a socket or a device, whose content need not end; -a makes another "
                   "one, cat or dd reads it");
  }
  if (job.where) co_await walk_.leave(std::move(job.where), std::move(job.open));
}

task<> copier::start(file_job job) {
  auto permit = co_await buffers_.small();
  if (!permit) {
    report_.fail("copy", source_path(*job.where, job.source_name), permit.error());
    co_await walk_.leave(std::move(job.where), std::move(job.open));
    co_return;
  }
  if (options_.dry_run) {  // in order, and it needs no time
    co_await copy_file(std::move(job), std::move(*permit));
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

}  // namespace carousel::tool
