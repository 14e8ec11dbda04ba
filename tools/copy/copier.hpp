#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/buffers.hpp"
#include "copy/content.hpp"
#include "copy/copy_options.hpp"
#include "copy/descriptors.hpp"
#include "copy/extras.hpp"
#include "copy/foresight.hpp"
#include "copy/hard_links.hpp"
#include "copy/landing.hpp"
#include "copy/likeness.hpp"
#include "copy/manifest.hpp"
#include "copy/name_claims.hpp"
#include "copy/rate_limit.hpp"
#include "copy/report.hpp"
#include "copy/target_plan.hpp"
#include "copy/walk.hpp"

namespace carousel::tool {

/// Copies files and trees, many files at once. A small buffer is the permit of one file, so the
/// buffers bound what is in flight: memory, descriptors and operations.
class copier {
 public:
  /// `list`, if any, gets a line for each file that has its name at the target afterwards.
  copier(const copy_options& options, copy_buffers buffers, copy_report& report,
         manifest* list = nullptr);
  /// The sources to the destination, as cp(1) names them. What fails is in the report, and the rest
  /// goes on.
  task<> run();

 private:
  struct destination {
    directory where;
    std::string prefix;  ///< what begins a path in messages
    std::string name;    ///< of the copy; empty: that of the source
  };
  /// Both ends of one file, open.
  struct open_file {
    descriptor_line::holder holds;
    file from;
    landing to;
    struct stat about;
    copied_content content = {};
  };
  struct open_failure {
    std::error_code why;  ///< none: it was said, or nothing is to be done
    bool at_target = false;
  };
  using opened = std::expected<open_file, open_failure>;
  struct prospect {
    std::error_code why;                     ///< there would be no copy
    std::string_view in_place_because = {};  ///< what has the name would be written to
  };
  static constexpr std::string_view nothing_beside = "no file can be made beside it";
  static constexpr std::string_view nothing_alike =
      "its owner and attributes cannot be given to another file";

  // The command line.
  task<> copy_all();
  task<> give_up_when_interrupted();
  result<destination> find_destination();
  void ask_for_names(const destination& to, std::span<const std::string> sources);
  task<> copy_named(const destination& to, const std::string& source);
  task<bool> comes_in_order(const place& top, const std::string& source, const std::string& target,
                            const struct stat& about);
  task<> finish_files();
  task<std::shared_ptr<place>> way_to(const destination& to, const std::string& source);
  task<> copy_from(std::shared_ptr<place> top, const destination& to, const std::string& source);
  task<> copy_named_directory(const destination& to, std::shared_ptr<place> top, file_job job,
                              const identity& itself);
  task<> remove_extras(const destination& to);

  // The tree.
  task<> visit(std::shared_ptr<place> where, directory_entry entry, claim claimed);
  task<> copy_entry(file_job job, unsigned type);
  task<> start(file_job job);
  task<> reap();

  // One file.
  task<> copy_file(file_job job, fixed_buf permit);
  task<bool> copy_one(file_job& job, fixed_buf& permit);
  task<bool> make_copy(file_job& job, fixed_buf& permit);
  task<bool> has_content(file_job& job, fixed_buf& permit);
  task<> list_kept(file_job& job, fixed_buf& permit);
  task<> take_hash(file_job& job, file content, fixed_buf& permit);
  void list(const file_job& job, std::string_view hash);
  bool keeps(file_job& job);
  task<std::optional<open_file>> open(file_job& job);
  task<opened> try_open(file_job& job);
  void fail_to_make(std::string_view what, const file_job& job, const std::error_code& why);
  [[nodiscard]] target_plan plan_of(const file_job& job, const struct stat& about) const;
  bool goes_on(file_job& job, const target_plan& plan);
  bool is_to_be_made(file_job& job, const struct stat& about, const target_plan& plan);
  bool is_linked(file_job& job, const struct stat& about, const target_plan& plan);
  result<landing> make_landing(const file_job& job, const struct stat& about,
                               const target_plan& plan);
  result<landing> write_in_place(const file_job& job, std::string_view why);
  void note_in_place(std::string_view why);
  [[nodiscard]] bool has_backups() const noexcept;
  bool back_up(const file_job& job, const identity& source);
  bool collides(const file_job& job, const std::error_code& why);
  [[nodiscard]] bool replaces(const file_job& job) const noexcept;
  bool has_link(const file_job& job, const hard_links::copied& first);
  bool link_again(const file_job& job, const hard_links::copied& first);
  std::vector<file_job> end_lead(const file_job& job, bool landed);
  task<bool> fill(file_job& job, open_file& ends, fixed_buf& permit, content_progress& progress);
  task<bool> land(const file_job& job, open_file& ends);
  void tell_failed_content(const file_job& job, const open_file& ends,
                           const content_progress& progress, const std::error_code& why);
  void tell(const file_job& job, std::string_view how = {}) const;
  void tell_lost(const file_job& job, const attribute_losses& lost);

  // A dry run.
  void foresee(file_job& job, const struct stat& about, const target_plan& plan);
  void foresee_link(const file_job& job);
  [[nodiscard]] std::optional<target_plan> plan_beside_foreseen(const file_job& job) const;
  [[nodiscard]] prospect look_ahead(const file_job& job, const target_plan& plan) const;

  // What has no content.
  bool copy_node(file_job& job);
  /// What a file of the type, as in st_mode, needs: for messages.
  [[nodiscard]] static const char* making(unsigned type) noexcept;
  [[nodiscard]] result<> make_symlink(const file_job& job, const struct stat& about,
                                      const std::string& text, attribute_losses& lost) const;
  [[nodiscard]] result<> make_special(const file_job& job, const struct stat& about,
                                      attribute_losses& lost) const;

  const copy_options& options_;
  attribute_options attributes_;
  copy_buffers buffers_;
  copy_report& report_;
  manifest* list_;
  rate_limit limit_;
  descriptor_line line_;
  foreseen_names foreseen_;
  extras extras_;
  walk walk_;
  hard_links links_;
  likenesses likenesses_;
  event ended_;  ///< the task that copies is over, however that came
  std::optional<join_handle<void>> all_;
  std::vector<join_handle<void>> files_;
  std::size_t reap_at_;
  /// The source of each target that the command line names.
  std::unordered_map<std::string, likeness> named_;
  /// What the targets were that are not copied yet, where names fold.
  std::unordered_map<std::string, claim> claims_;
  bool poured_ = false;  ///< a source was copied into the destination itself: SRC/.
  /// Files that were made by operands whose names at the target are those of others, which merge:
  /// their files do not.
  identities landed_;
  bool remember_landed_ = false;
};

}  // namespace carousel::tool
