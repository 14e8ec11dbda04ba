#pragma once

#include <memory>
#include <string>
#include <vector>

#include "carousel/carousel.hpp"
#include "copy/exclusions.hpp"
#include "copy/extras.hpp"
#include "copy/name_list.hpp"
#include "copy/named_sources.hpp"
#include "copy/report.hpp"

namespace carousel::tool {

struct removal_rules {
  const exclusions& left_out;    ///< stays, and the directories that it is in
  const named_sources& sources;  ///< stay too, which is an error
  bool dry_run = false;          ///< what would be removed is said
  bool keeps_times = false;      ///< of the directories that lose something
  bool durable = false;
};

/// Removes names of the target, with all that is below them: one component at a time from open
/// directories, never through a link, and nothing that is mounted, nor on it.
class removal {
 public:
  removal(removal_rules rules, copy_report& report) noexcept : rules_(rules), report_(report) {}

  /// What fails is in the report, and the rest goes on.
  task<> run(extras::in_directory names);

 private:
  struct level {
    std::shared_ptr<place> where;
    name_list entries;
    std::size_t next = 0;
    bool stays = false;  ///< something in it does
  };

  task<> remove_all(std::shared_ptr<place> where, const std::vector<std::string>& names);
  task<> remove_tree(std::shared_ptr<place> top, std::string name);
  task<bool> enter(std::shared_ptr<place> where, std::string name);
  void refuse_source(const place& where, const std::string& name);
  void remove_file(level& from, const std::string& name);
  void ascend();
  bool close_outer_levels(std::size_t kept);
  [[nodiscard]] bool take_away(const place& where, const std::string& name, int how);

  removal_rules rules_;
  copy_report& report_;
  std::vector<level> levels_;
};

}  // namespace carousel::tool
