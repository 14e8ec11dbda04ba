#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "carousel/fs/directory.hpp"
#include "carousel/result.hpp"
#include "copy/access_list.hpp"
#include "copy/place.hpp"
#include "copy/walk.hpp"
#include "message.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// What the command line names, in the words of rank 0: the directory that holds it and the one
/// that gets its copy, and what it is called in them. Files that are named in one directory are one
/// operand, without a name.
struct operand {
  std::string source_prefix = {};  ///< as paths in messages begin
  std::string target_prefix = {};
  std::string source_directory = {};  ///< absolute
  std::string target_directory = {};
  std::string source_name = {};  ///< of the directory that is named, if it is one
  std::string target_name = {};
  bool follow = false;
};

/// The directories of a copy, by names that hold on every rank. A place of any rank has a spot, and
/// the place of a spot is found on any rank, by its names one after the other, none of which may be
/// a symbolic link, but for those of the source where links are followed.
class places {
 public:
  /// `preserve`: the access control lists of directories matter. `follows`: links do not.
  places(bool preserve, bool follows) noexcept : preserve_(preserve), follows_(follows) {}

  /// Rank 0 meets an operand when a place is one of its own; `met` is told of each, with what the
  /// other ranks are to add().
  std::function<void(const operand& one)> met = [](const operand&) {};
  /// The directory of this name is what an operand names, in the directory of the place, which is
  /// at the top. Gives where it is in.
  [[nodiscard]] spot name_directory(const tool::place& top, const std::string& source_name,
                                    const std::string& target_name, bool follow);
  /// What another rank has met. It is opened when something of it is copied here.
  void add(operand one);

  [[nodiscard]] spot spot_of(const std::shared_ptr<tool::place>& where);
  /// Whether the directory is what one of the operands has become, or, where `by_link`, below that.
  /// Error: there is no descriptor to find out.
  [[nodiscard]] carousel::result<bool> is_copy(const tool::place& where, bool by_link);
  [[nodiscard]] static spot child_of(spot where, const std::string& name);

  /// The place, with both directories open in `open` and closed in the place itself, but at the
  /// top.
  [[nodiscard]] carousel::result<std::shared_ptr<tool::place>> at(const spot& where,
                                                                  tool::handles& open);
  [[nodiscard]] const operand& of(const spot& where) const {
    return operands_.at(where.operand).names;
  }
  /// For messages.
  [[nodiscard]] std::string source_path(const spot& where, const std::string& name) const;
  [[nodiscard]] std::string target_path(const spot& where, const std::string& name) const;

 private:
  struct known_operand {
    operand names;
    std::optional<tool::identity> copy = {};  ///< of the directory that is named, once it is there
  };
  struct known_target {
    carousel::directory open;
    tool::identity id;
    tool::inherited_acl inherits;
  };
  using prefixes = std::pair<std::string, std::string>;                   ///< of source and target
  using operand_key = std::tuple<std::string, std::string, std::string>;  ///< with the name
  /// `named`: what an operand names in it; null for files.
  std::uint32_t index_of(const tool::place& top, const tool::place* named);
  std::uint32_t add_own(const tool::place& top, operand one);
  void keep(operand names);
  [[nodiscard]] carousel::result<const known_target*> target_of(const operand& names);
  const known_target& keep_target(const std::string& path, const carousel::directory& open);
  [[nodiscard]] carousel::result<std::shared_ptr<tool::place>> top_of(const operand& names);
  [[nodiscard]] carousel::result<std::shared_ptr<tool::place>> below(
      const std::shared_ptr<tool::place>& parent, const tool::handles& parent_open,
      std::string source_name, std::string target_name, bool follow, tool::handles& open);

  bool preserve_;
  bool follows_;
  std::vector<known_operand> operands_;
  std::map<operand_key, std::uint32_t> indices_;  ///< of operands
  std::map<std::string, known_target> targets_;   ///< by absolute path
  std::map<prefixes, std::weak_ptr<tool::place>> tops_;
  std::shared_ptr<tool::place> last_top_;
  /// The last one that was found: units of one directory come in a row.
  spot last_where_;
  std::shared_ptr<tool::place> last_;
};

void put(message_writer& to, const operand& one);
[[nodiscard]] operand take_operand(message_reader& from);

}  // namespace carousel_mpi
