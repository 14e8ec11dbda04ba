#include "copy/copier.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <system_error>
#include <utility>

#include "common/interruption.hpp"
#include "common/processors.hpp"

// The run, the tree, and the files in flight. The command line is in operands.cpp, what happens to
// one file in file_copy.cpp, target_name.cpp and file_copier.cpp, to many small ones in
// bundle_copy.cpp, to what has no content in node_copy.cpp.

namespace carousel::tool {
namespace {

constexpr std::size_t reap_at_min = 256;
/// Threads are for trees: the first files are copied without.
constexpr std::size_t files_without_threads = 16;
/// How long operations that are in the kernel may go on after an interruption.
constexpr std::chrono::seconds interruption_grace{2};

/// Each file is finished before the next one is looked at: a dry run needs no time, a question is
/// answered before the next, and what one name has replaced may be the backup of another.
bool copies_in_order(const copy_options& options) noexcept {
  return options.dry_run || options.interactive || options.has_backups();
}

/// Of bundles. What a thread has no time for yet others could have, where there are any.
std::size_t bundles_at_once(const copy_means& means, const copy_share* share) noexcept {
  constexpr std::size_t each = 2;
  return share != nullptr ? std::min(means.files, each * (means.threads + 1)) : means.files;
}

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

/// Where files are copied one after the other, nobody else is needed.
result<copy_means> copy_means::make(const copy_options& options, copy_buffers::sizes wanted) {
  const std::size_t asked = options.threads ? *options.threads : usable_processors();
  const bool alone = asked == 1 || copies_in_order(options);
  const std::size_t threads = alone ? 0 : std::min(asked, wanted.count);
  const std::size_t small = std::max<std::size_t>(wanted.count / (threads + 1), 1);
  auto own = copy_buffers::make(wanted, small);
  if (!own) return std::unexpected(own.error());
  return copy_means{
      files_with_descriptors(wanted.count), std::move(*own), threads, {small, wanted.large_bytes}};
}

copier::copier(const copy_options& options, copy_means means, copy_report& report, manifest* list,
               copy_share* share)
    : options_(options),
      attributes_{options.attributes(), options.archive},
      threads_wanted_(means.threads),
      each_(means.each),
      report_(report),
      list_(list),
      share_(share),
      limit_(options.bytes_per_second),
      own_(options, std::move(means.own), limit_, report.bytes),
      foreseen_(options.sources.size() > 1),
      walk_(
          attributes_,
          {options.follows_links(), options.one_file_system, exclusions(options.excluded),
           options.dry_run ? &foreseen_ : nullptr, options.remove_extras ? &extras_ : nullptr,
           share},
          options.sync == sync_wish::full, report, line_,
          [this](std::shared_ptr<place> where, directory_entry entry, claim claimed) {
            return visit(std::move(where), std::move(entry), std::move(claimed));
          },
          [this](std::shared_ptr<place> where, std::vector<directory_entry> entries) {
            return visit_files(std::move(where), std::move(entries));
          }),
      permits_(means.files),
      bundles_(bundles_at_once(means, share)),
      disturbs_(line_,
                [this] {
                  turns_.disturb();
                  return false;  // not yet
                }),
      reap_at_(reap_at_min) {
  if (list != nullptr)
    report.on_listed = [list](std::string_view hash, std::string_view name) {
      list->add(hash, name);
    };
}

task<> copier::run() { return run(&copier::copy_all); }

task<> copier::run_share() { return run(&copier::work); }

task<> copier::run(task<> (copier::*all)()) {
  all_ = spawn([this, all]() -> task<> {
    const set_at_exit over(ended_);
    co_await (this->*all)();
  });
  auto guard = spawn([this] { return abort_when_interrupted(); });
  (void)co_await ended_.wait();
  guard.abort();
  // Whatever ended it: no thread works on an order whose task may be destroyed next.
  if (threads_) threads_->stop();
  report_.buffers = own_.buffers().registered();
  auto finished = std::move(*all_);
  try {
    co_await std::move(finished);
  } catch (const std::system_error& e) {
    if (e.code() != errc::canceled) throw;
  }
  if (thrown_) std::rethrow_exception(thrown_);
  report_.publish_all();
}

/// Aborts what does not end by itself: its temporary files go away with it.
task<> copier::abort_when_interrupted() {
  const auto came = co_await interruption();
  if (!came) co_return;
  // Not in the await: g++ 12 evaluates both sides there.
  const std::chrono::milliseconds grace =
      share_ != nullptr ? share_->interruption_grace() : interruption_grace;
  co_await sleep_for(grace);
  if (threads_) threads_->stop();
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

// The share.

task<> copier::work() {
  if (share_ != nullptr) co_await share_->work();
}

task<> copier::copy_directory(std::shared_ptr<place> where, copy_share::named_directory it) {
  return walk_.run(std::move(where), it.name, it.target_name, it.claimed, it.follow);
}

task<> copier::copy_files(std::shared_ptr<place> where, std::vector<directory_entry> files) {
  where->pending += files.size();
  return visit_files(std::move(where), std::move(files));
}

task<> copier::copy_name(file_job job, unsigned type) {
  ++job.where->pending;
  return copy_entry(std::move(job), type);
}

task<result<>> copier::open_in_line(place& where, handles& open) {
  return walk_.open_in_line(where, open);
}

task<> copier::end_directory(std::shared_ptr<place> where) { return walk_.end(std::move(where)); }

// The tree.

task<> copier::visit(std::shared_ptr<place> where, directory_entry entry, claim claimed) {
  const bool follow = options_.follows_links();
  const unsigned type =
      entry_type(where->source.fd(), entry.name.c_str(), entry.type, follow_links(follow));
  if (claimed.comes_late) co_await finish_files();
  file_job job{std::move(where), {}, entry.name, entry.name, std::move(claimed), follow};
  co_await copy_entry(std::move(job), type);
}

/// What is no directory, by its type as in st_mode. What cannot be looked at is tried as a file,
/// and said there.
task<> copier::copy_entry(file_job job, unsigned type) {
  if (report_.pending() > steps_max) co_await finish_files();
  job.said = report_.begin();
  job.backups = &backups_;
  if (type == S_IFREG || type == 0) {
    job.turn = turns_.begin();
    co_await start(std::move(job));
    co_return;
  }
  bool made = false;
  if (type == S_IFLNK || options_.archive)
    made = co_await in_line(job, &copier::copy_node);
  else
    job.said->refuse(source_path(job),
                     "is a FIFO, a socket or a device, whose content need not end; -a makes "
                     "another one, cat or dd reads it");
  if (list_ != nullptr && list_->meets_any()) (void)co_await in_line(job, &copier::meet_manifest);
  (void)next_name(job, made);  // nobody can have waited for what is made at once
  co_await leave(std::move(job));
}

task<> copier::start(file_job job) {
  auto permit = co_await permits_.acquire();
  if (!permit) {
    co_await leave(std::move(job));
    co_return;
  }
  use_threads(1);
  if (copies_in_order(options_)) {
    co_await copy_file(std::move(job));
    co_return;
  }
  spawn_copy(std::move(job), std::move(*permit));
  if (files_.size() >= reap_at_) co_await reap();
}

void copier::spawn_copy(file_job job, semaphore::permit permit) {
  spawn_beside([](copier& c, file_job j, semaphore::permit p) -> task<> {
    const semaphore::permit held = std::move(p);
    co_await c.copy_file(std::move(j));
  }(*this, std::move(job), std::move(permit)));
}

void copier::spawn_beside(task<> work) {
  files_.push_back(spawn([this](task<> w) { return or_end(std::move(w)); }, std::move(work)));
}

/// The task that copies may wait for something else than this work, and what waits for it in vain:
/// an exception ends both.
task<> copier::or_end(task<> work) {
  try {
    co_await std::move(work);
  } catch (...) {
    if (!thrown_) thrown_ = std::current_exception();
    if (!ended_.is_set()) all_->abort();
  }
}

/// Once there are enough files for them.
void copier::use_threads(std::size_t more_files) {
  begun_ += more_files;
  if (!threads_ && threads_wanted_ != 0 && begun_ > files_without_threads)
    threads_.emplace(threads_wanted_, each_, copy_threads::shared{options_, limit_, report_.bytes});
}

/// It is finished.
task<> copier::leave(file_job job) {
  job.turn.pass();
  report_.end(*job.said);
  co_await walk_.leave(std::move(job.where), std::move(job.open));
}

/// Forgets the tasks that have ended, so that a tree of any size needs little memory.
task<> copier::reap() {
  const auto over = std::ranges::partition(files_, [](const auto& f) { return !f.done(); });
  std::vector<join_handle<void>> ended(std::move_iterator(over.begin()),
                                       std::move_iterator(over.end()));
  files_.erase(over.begin(), over.end());
  reap_at_ = files_.size() + reap_at_min;
  for (auto& f : ended) co_await std::move(f);
}

}  // namespace carousel::tool
