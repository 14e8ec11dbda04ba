#pragma once

#include <exception>
#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/copy_options.hpp"
#include "copy/copy_share.hpp"
#include "copy/copy_threads.hpp"
#include "copy/descriptors.hpp"
#include "copy/extras.hpp"
#include "copy/file_copier.hpp"
#include "copy/file_job.hpp"
#include "copy/foresight.hpp"
#include "copy/hard_links.hpp"
#include "copy/likeness.hpp"
#include "copy/manifest.hpp"
#include "copy/name_claims.hpp"
#include "copy/named_sources.hpp"
#include "copy/rate_limit.hpp"
#include "copy/report.hpp"
#include "copy/target_plan.hpp"
#include "copy/turns.hpp"
#include "copy/walk.hpp"

namespace carousel::tool {

/// What a copy may use at one time.
struct copy_means {
  std::size_t files;         ///< in flight
  copy_buffers own;          ///< of the thread that walks
  std::size_t threads;       ///< beside that one, which copy
  copy_buffers::sizes each;  ///< of each of them
  /// The memory of such buffers, shared out. Error: not_enough_memory.
  static result<copy_means> make(const copy_options& options, copy_buffers::sizes wanted);
};

/// Copies files and trees, many files at once. One thread walks: it makes the directories, decides
/// in the order of the walk what becomes of each name, and makes links and special files. Regular
/// files it has copied by others (copy_threads), large ones by itself, and then it goes on with
/// what waits for them. What it says, and which name of a file is the first, does not depend on
/// who is finished when.
///
/// A permit for each file bounds what is in flight: memory, descriptors and operations.
class copier {
 public:
  /// `list`, if any, gets a line for each file that has its name at the target afterwards, in the
  /// order of the walk. `share`, if any, has what others are to copy.
  copier(const copy_options& options, copy_means means, copy_report& report,
         manifest* list = nullptr, copy_share* share = nullptr);
  /// The sources to the destination, as cp(1) names them. What fails is in the report, and the rest
  /// goes on.
  task<> run();

  // The share of a copy; work() calls them.

  /// As run(), without a command line: all comes from the share.
  task<> run_share();
  /// A directory and what the share does not take of it.
  task<> copy_directory(std::shared_ptr<place> where, copy_share::named_directory it);
  /// Regular files in a directory that the copy has made.
  task<> copy_files(std::shared_ptr<place> where, std::vector<directory_entry> files);
  /// A name of what is no directory; its type is as in st_mode.
  task<> copy_name(file_job job, unsigned type);
  /// What the share has taken of a directory.
  task<> end_directory(std::shared_ptr<place> where);
  /// Waits for all files that were begun.
  task<> finish_files();
  /// As walk::open_in_line().
  task<result<>> open_in_line(place& where, handles& open);
  /// Where who opens something for the share waits for descriptors.
  [[nodiscard]] descriptor_line& line() noexcept { return line_; }
  /// For large files, of this thread.
  [[nodiscard]] copy_buffers& buffers() noexcept { return own_.buffers(); }
  [[nodiscard]] rate_limit& limit() noexcept { return limit_; }

 private:
  struct destination {
    directory where;
    std::string prefix;  ///< what begins a path in messages
    std::string name;    ///< of the copy; empty: that of the source
  };
  /// Why a try has not come to its end.
  struct no_descriptor {
    std::error_code why = {};  ///< none: others want those that it had while it waits for its turn
    const char* doing = "";
    side end = side::source;  ///< what could not be opened belongs to
  };
  /// Whether there is a copy now, or stands for one.
  using attempt = std::expected<bool, no_descriptor>;
  /// What is true when the step before has found its descriptors.
  [[nodiscard]] static attempt after(const attempt& step, bool is_true) {
    return step ? attempt(is_true) : step;
  }
  struct tries {
    descriptor_line::stay stay = {};
    /// Nobody is left who could give back more: with as few descriptors as it takes.
    bool settles = false;
  };
  struct prospect {
    std::error_code why;                     ///< there would be no copy
    std::string_view in_place_because = {};  ///< what has the name would be written to
  };

  task<> run(task<> (copier::*all)());
  task<> work();

  // The command line.
  task<> copy_all();
  task<> abort_when_interrupted();
  result<destination> find_destination();
  task<> ask_for_names(const destination& to, std::span<const std::string> sources);
  task<> copy_named(const destination& to, const std::string& source);
  task<bool> comes_in_order(const place& top, const std::string& source, const std::string& target,
                            const struct stat& about);
  task<std::shared_ptr<place>> way_to(const destination& to, const std::string& source);
  task<> copy_from(std::shared_ptr<place> top, const destination& to, const std::string& source);
  task<> copy_named_directory(const destination& to, std::shared_ptr<place> top, file_job job,
                              const identity& itself);
  void remember_source(const place& top, const std::string& name, const struct stat& about);
  task<> remove_extras(const destination& to);

  // The tree.
  task<> visit(std::shared_ptr<place> where, directory_entry entry, claim claimed);
  task<> visit_files(std::shared_ptr<place> where, std::vector<directory_entry> entries);
  task<> copy_entry(file_job job, unsigned type);
  task<> start(file_job job);
  void use_threads(std::size_t more_files);
  void spawn_copy(file_job job, semaphore::permit permit);
  void spawn_beside(task<> work);
  task<> or_end(task<> work);
  task<> leave(file_job job);
  task<> reap();

  // Small files.
  struct bundle_permits {
    semaphore::permit bundle;
    semaphore::permit file;
  };
  task<> copy_bundle(std::vector<file_job> jobs, bundle_permits permits);
  task<bundle_outcome> copy_quickly(std::vector<file_job>& jobs, handles& open);
  task<bundle_outcome> carry_out(const std::vector<file_job>& jobs);

  // One file.
  task<> copy_file(file_job first);
  task<bool> copy_one(file_job& job);
  task<bool> in_line(file_job& job, task<attempt> (copier::*step)(file_job&, tries&));
  task<bool> comes_to_turn(file_job& job);
  task<attempt> make_copy(file_job& job, tries& all);
  task<attempt> try_copy(file_job& job, tries& all);
  task<file_outcome> carry_out(file_order order);
  task<attempt> has_content(file_job& job);
  task<attempt> list_kept(file_job& job, tries& all);
  task<attempt> meet_manifest(file_job& job, tries& all);
  [[nodiscard]] bool is_decided_by_name() const noexcept;
  attempt keeps(file_job& job);
  [[nodiscard]] target_plan plan_of(const file_job& job, const struct stat& about) const;
  bool goes_on(file_job& job, const target_plan& plan);
  attempt is_to_be_made(file_job& job, const struct stat& about, const target_plan& plan);
  attempt is_linked(file_job& job, const struct stat& about, const target_plan& plan);
  bool has_link(const file_job& job, const hard_links::copied& first);
  attempt link_again(const file_job& job, const hard_links::copied& first);
  std::optional<file_job> next_name(const file_job& job, bool landed);

  // A dry run.
  void foresee(file_job& job, const struct stat& about, const target_plan& plan);
  void foresee_link(const file_job& job, const struct stat& about);
  [[nodiscard]] std::optional<target_plan> plan_beside_foreseen(const file_job& job,
                                                                const struct stat& about) const;
  [[nodiscard]] prospect look_ahead(const file_job& job, const target_plan& plan) const;

  // What has no content.
  task<attempt> copy_node(file_job& job, tries& all);
  /// What a file of the type, as in st_mode, needs: for messages.
  [[nodiscard]] static const char* making(unsigned type) noexcept;
  [[nodiscard]] result<> make_symlink(const file_job& job, const struct stat& about,
                                      const std::string& text, attribute_losses& lost) const;
  [[nodiscard]] result<> make_special(const file_job& job, const struct stat& about,
                                      attribute_losses& lost) const;

  /// A file that takes long may hold up so much of the report, for each step is some memory.
  static constexpr std::size_t steps_max = 65536;

  const copy_options& options_;
  attribute_options attributes_;
  std::size_t threads_wanted_;
  copy_buffers::sizes each_;  ///< of a thread
  copy_report& report_;
  manifest* list_;
  copy_share* share_;
  rate_limit limit_;
  file_copier own_;  ///< of the thread that walks
  descriptor_line line_;
  foreseen_names foreseen_;
  extras extras_;
  walk walk_;
  hard_links links_;
  likenesses likenesses_;
  event ended_;                ///< the task that copies is over, however that came
  std::exception_ptr thrown_;  ///< by a task beside that one, which it has ended
  semaphore permits_;
  semaphore bundles_;
  turns turns_;
  descriptor_line::lender disturbs_;
  std::optional<copy_threads> threads_;
  std::size_t begun_ = 0;  ///< files
  std::optional<join_handle<void>> all_;
  std::vector<join_handle<void>> files_;
  std::size_t reap_at_;
  /// The source of each target that the command line names.
  std::unordered_map<std::string, likeness> named_;
  /// What the targets were that are not copied yet, where names fold.
  std::unordered_map<std::string, claim> claims_;
  named_sources sources_;  ///< kept for --delete
  bool poured_ = false;    ///< a source was copied into the destination itself: SRC/.
  /// Files that were made by operands whose names at the target are those of others, which merge:
  /// their files do not.
  identities landed_;
  bool remember_landed_ = false;
  backup_memory backups_;
};

}  // namespace carousel::tool
