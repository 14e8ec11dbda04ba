#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/attributes.hpp"
#include "copy/copy_share.hpp"
#include "copy/descriptors.hpp"
#include "copy/exclusions.hpp"
#include "copy/extras.hpp"
#include "copy/foresight.hpp"
#include "copy/name_claims.hpp"
#include "copy/name_list.hpp"
#include "copy/place.hpp"
#include "copy/report.hpp"

namespace carousel::tool {

/// The directories of a place, held open by whoever still has to do something there.
struct handles {
  directory source;
  directory target;
};

/// Opens what is not open of them, for somebody who waited without any; the place is left as it
/// was.
[[nodiscard]] result<> open_handles(place& where, handles& open);
/// One of them.
[[nodiscard]] result<directory> open_side(place& where, side which);

/// What of a tree is copied.
struct walk_rules {
  bool follows_links = false;
  bool one_file_system = false;  ///< the directories where others begin are copied, empty
  exclusions left_out;
  foreseen_names* foreseen = nullptr;  ///< a dry run: nothing is made or changed
  extras* beside = nullptr;            ///< is told what the target has beside the copy
  copy_share* share = nullptr;         ///< others work on the copy too
};

/// Makes the directories of a copy, from the top down and one component at a time, and finishes
/// each of them (attributes, sync) when the last of its entries is finished, which may be long
/// after the walk has left it.
///
/// Descriptors are bounded: those of the innermost directories are open, the others are opened
/// again on the way back. All of them are lent while the walk waits.
class walk {
 public:
  /// What to do with an entry that is not a directory. It counts in the place as pending until
  /// leave() is called for it.
  using visitor = std::function<task<>(std::shared_ptr<place>, directory_entry, claim)>;
  /// The same of some regular files in a directory that the copy has made, each of which is
  /// pending.
  using files_visitor = std::function<task<>(std::shared_ptr<place>, std::vector<directory_entry>)>;

  walk(attribute_options attributes, walk_rules rules, bool durable, copy_report& report,
       descriptor_line& line, visitor visit, files_visitor visit_files);

  /// Copies the directory `name` of the place, and what is below it, as `target_name`. `follow`:
  /// the name may be a symbolic link to it.
  task<> run(std::shared_ptr<place> top, std::string name, std::string target_name, claim claimed,
             bool follow);

  /// Makes and enters a directory that leads to what is copied, by its name in the place, which may
  /// be a link to it: of the place itself nothing more is to be done then but what the new one
  /// needs. Null: it cannot be, which was reported.
  task<std::shared_ptr<place>> pass(std::shared_ptr<place> where, std::string name);

  /// One entry of the place is finished. What is not open of `open` is opened if it is needed.
  task<> leave(std::shared_ptr<place> where, handles open);

  /// The same as open_handles(), in line.
  task<result<>> open_in_line(place& where, handles& open);
  /// Finishes a directory whose end the share has taken.
  task<> end(std::shared_ptr<place> where);

 private:
  struct level {
    std::shared_ptr<place> where;
    name_list entries;
    name_claims claims = {};
    std::size_t next = 0;
    [[nodiscard]] claim next_claim() const;
    [[nodiscard]] std::vector<directory_entry> next_files();
  };

  /// What keeps a directory from being entered; `why` is none where nothing does.
  struct obstacle {
    std::error_code why;
    const char* what = "open the directory";
    bool at_target = false;
    bool told = false;  ///< in other words than these
  };

  void go_down(const place& into);
  task<> descend(std::shared_ptr<place> parent, std::string name, std::string target_name,
                 claim claimed, bool follow);
  struct entrance {
    bool was_free = false;  ///< the name at the target
    bool follow = false;    ///< the source's, where it is a link
  };
  task<result<std::shared_ptr<place>>> enter(const std::shared_ptr<place>& parent,
                                             const std::string& name,
                                             const std::string& target_name, entrance how);
  task<obstacle> try_to_enter(place& made, bool was_free);
  task<obstacle> open_source(place& made);
  [[nodiscard]] result<bool> leads_to_copy(const place& made) const;
  task<obstacle> open_target(place& made, bool was_free);
  [[nodiscard]] bool is_foreseen(place& made) const;
  [[nodiscard]] result<> make_target(const place& made) const;
  [[nodiscard]] result<directory> lend_access(directory target, place& made) const;
  [[nodiscard]] bool stays_empty(const place& where) const noexcept;
  task<name_list> entries_of(std::shared_ptr<place> where);
  task<> compare_with_target(const std::shared_ptr<place>& where, const name_list& wanted);
  task<result<name_list>> list(place& where, side which);
  task<bool> is_open(level& here);
  task<> ascend();
  task<bool> open_above(place& where, handles& below);
  task<> finish(place& where, handles& open);
  task<result<>> make_durable(place& where, handles& open);
  bool hands_over(const std::shared_ptr<place>& where, const directory_entry& entry,
                  const claim& claimed, bool is_last) const;
  bool hands_over_end(const std::shared_ptr<place>& where);
  bool close_outer_levels(std::size_t kept);

  attribute_options attributes_;
  walk_rules rules_;
  bool durable_;  ///< the names in a directory, when it is finished
  copy_report& report_;
  descriptor_line& line_;
  visitor visit_;
  files_visitor visit_files_;
  std::vector<level> levels_;
  const place* used_ = nullptr;  ///< its directories are not lent
  descriptor_line::lender lends_;
  identities on_the_way_;  ///< source directories, to find loops
  /// What they become, to which a mount may lead: a copy of it would grow for ever.
  std::unordered_multiset<identity, hash_identity> becomes_;
  identities made_;  ///< where links may lead to them
};

}  // namespace carousel::tool
