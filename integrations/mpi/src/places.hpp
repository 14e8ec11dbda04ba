#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "carousel/result.hpp"
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
  /// The place that stands for this one, which is at the top: all that are between the same
  /// directories are one, with one pair of descriptors.
  [[nodiscard]] std::shared_ptr<tool::place> top_like(const std::shared_ptr<tool::place>& top);
  /// The directory of this name is what an operand names; `top` is from top_like().
  void name_directory(const std::shared_ptr<tool::place>& top, const std::string& source_name,
                      const std::string& target_name, bool follow);
  /// What another rank has met. Where it cannot be opened here, its places cannot be found.
  void add(operand one);

  [[nodiscard]] spot spot_of(const std::shared_ptr<tool::place>& where);
  /// Of a directory that an operand names: what it is in.
  [[nodiscard]] spot spot_of_named(const tool::place& top, const std::string& source_name) const;
  /// Whether the directory is what one of the operands has become, or, where `by_link`, below that.
  /// Error: there is no descriptor to find out.
  [[nodiscard]] carousel::result<bool> is_copy(const tool::place& where, bool by_link);
  [[nodiscard]] static spot child_of(spot where, const std::string& name);

  /// The place, with both directories open in `open` and closed in the place itself.
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
    std::shared_ptr<tool::place> top;
    std::error_code why;                      ///< it has no place here
    std::optional<tool::identity> copy = {};  ///< of the directory that is named, once it is there
  };
  using name_in_top = std::pair<const tool::place*, std::string>;
  /// `named`: what an operand names in it; null for files.
  std::uint32_t index_of(const std::shared_ptr<tool::place>& top, const tool::place* named);
  std::uint32_t add_own(const std::shared_ptr<tool::place>& top, operand one);
  [[nodiscard]] carousel::result<std::shared_ptr<tool::place>> below(
      const std::shared_ptr<tool::place>& parent, const tool::handles& parent_open,
      std::string source_name, std::string target_name, bool follow, tool::handles& open);

  bool preserve_;
  bool follows_;
  std::vector<known_operand> operands_;
  std::map<name_in_top, std::uint32_t> indices_;  ///< of operands
  /// By what begins the paths of source and target in messages.
  std::map<std::pair<std::string, std::string>, std::shared_ptr<tool::place>> tops_;
  /// The last one that was found: units of one directory come in a row.
  spot last_where_;
  std::shared_ptr<tool::place> last_;
};

void put(message_writer& to, const operand& one);
[[nodiscard]] operand take_operand(message_reader& from);

}  // namespace carousel_mpi
