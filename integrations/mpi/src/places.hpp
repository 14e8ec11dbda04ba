#pragma once

#include <functional>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "carousel/result.hpp"
#include "copy/place.hpp"
#include "copy/walk.hpp"
#include "message.hpp"
#include "work_unit.hpp"

namespace carousel_mpi {

namespace tool = carousel::tool;

/// What the command line names, in the words of rank 0: the directory that holds it and the one
/// that gets its copy, and what it is called in them.
struct operand {
  std::string source_prefix;  ///< as paths in messages begin
  std::string target_prefix;
  std::string source_directory;  ///< absolute
  std::string target_directory;
  std::string source_name;  ///< of the directory that is named, if it is one
  std::string target_name;
  bool follow = false;
};

/// The directories of a copy, by names that hold on every rank. A place of any rank has a spot, and
/// the place of a spot is found on any rank, by its names one after the other, none of which may be
/// a symbolic link.
class places {
 public:
  /// `preserve`: the access control lists of directories matter.
  explicit places(bool preserve) noexcept : preserve_(preserve) {}

  /// Rank 0 meets an operand when a place is one of its own; `met` is told of each, with what the
  /// other ranks are to add().
  std::function<void(const operand& one)> met = [](const operand&) {};
  /// The directory of this name is what the operand names.
  void name_directory(const std::shared_ptr<tool::place>& top, const std::string& source_name,
                      const std::string& target_name, bool follow);
  /// What another rank has met. Where it cannot be opened here, its places cannot be found.
  void add(operand one);

  [[nodiscard]] spot spot_of(const std::shared_ptr<tool::place>& where);
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
    std::error_code why;  ///< it has no place here
  };
  std::uint32_t index_of(const std::shared_ptr<tool::place>& top);
  [[nodiscard]] carousel::result<std::shared_ptr<tool::place>> below(
      const std::shared_ptr<tool::place>& parent, const tool::handles& parent_open,
      std::string source_name, std::string target_name, bool follow, tool::handles& open);

  bool preserve_;
  std::vector<known_operand> operands_;
  std::unordered_map<const tool::place*, std::uint32_t> tops_;
  /// The last one that was found: units of one directory come in a row.
  spot last_where_;
  std::shared_ptr<tool::place> last_;
};

void put(message_writer& to, const operand& one);
[[nodiscard]] operand take_operand(message_reader& from);

}  // namespace carousel_mpi
