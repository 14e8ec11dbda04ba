#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace carousel::tool {

/// What a file, a directory or a symbolic link has besides its content, and the steps in which it
/// is kept.
enum class attribute : std::uint8_t {
  owner,
  group,
  mode,
  times,
  link_times,
  access_list,          ///< POSIX access control lists, the default ones of directories among them
  access_list_read,     ///< of the source
  access_list_removal,  ///< of one that the source has not
  extended,
  extended_names,    ///< of the source
  extended_value,    ///< of the source
  extended_removal,  ///< of one that the source has not
  system,            ///< extended attributes that no other file system has a use for
};

/// Why an attribute is not kept, as far as it matters.
enum class cause : std::uint8_t {
  unsupported,       ///< there is no such thing in that file system
  denied_to_a_user,  ///< as cp(1) sees it, root is no user
  denied_to_root,
  too_large,
  failed,
};
constexpr std::size_t causes = 5;

/// What becomes of it. The content is copied whatever happens to an attribute.
enum class fate : std::uint8_t {
  kept,   ///< there was nothing to keep
  note,   ///< lost, said once for the whole copy, no error
  error,  ///< lost, said with the name of the file, exit status 1
};

struct attribute_row {
  attribute what;
  std::string_view name;            ///< in the documents
  std::string_view of;              ///< what has it, in the documents
  std::string_view doing;           ///< for "cannot DOING 'FILE'"
  std::string_view plural;          ///< for "PLURAL are not kept"
  std::string_view fails = "kept";  ///< in place of that
  bool at_source = false;           ///< an error is about the source, else about the target
  std::array<fate, causes> fates;
};

/// Each attribute once, in the order of the enumeration.
[[nodiscard]] const std::vector<attribute_row>& attribute_table();
[[nodiscard]] std::string_view cause_name(cause why) noexcept;
[[nodiscard]] std::string_view fate_name(fate what) noexcept;

/// The column of an error; `root`: of this process.
[[nodiscard]] cause cause_of(attribute what, int error, bool root) noexcept;

/// An attribute that could not be kept.
struct attribute_loss {
  attribute what;
  int error;
  std::string name = {};  ///< of the extended attribute

  [[nodiscard]] const attribute_row& row() const;
  [[nodiscard]] fate comes_to() const;
  /// "DOING" with the name.
  [[nodiscard]] std::string doing() const;
  /// A sentence for a note.
  [[nodiscard]] std::string sentence() const;
};
using attribute_losses = std::vector<attribute_loss>;

}  // namespace carousel::tool
