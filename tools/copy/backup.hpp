#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "copy/place.hpp"

namespace carousel::tool {

/// How the file that a copy replaces is called afterwards.
struct backup_wish {
  enum class control : std::uint8_t {
    none,
    simple,    ///< NAME and the suffix
    existing,  ///< numbered where the name has numbered ones, else simple
    numbered,  ///< NAME.~1~, NAME.~2~, ...
  };
  control how = control::none;
  std::string suffix = "~";
};

/// The words of cp(1), of each two; nothing for another one.
[[nodiscard]] std::optional<backup_wish::control> backup_control(std::string_view word) noexcept;

/// The numbered backups in a directory. It is listed when another one is asked about: to list it
/// for each of its names would take the square of its size. What others add meanwhile is met when a
/// backup is made, and then it is listed again.
class numbered_backups {
 public:
  /// The highest number of the name; empty: it has none. Error: what listing says.
  [[nodiscard]] result<std::string> last(int directory, const std::string& name);
  /// A name that this run has made, which may be one.
  void add(int directory, std::string_view entry);
  void forget() noexcept { listed_.reset(); }

 private:
  [[nodiscard]] result<> list(int directory);
  [[nodiscard]] bool is_listed(int directory) const noexcept;
  void note(std::string_view entry);

  std::optional<identity> listed_;
  std::unordered_map<std::string, std::string> highest_;  ///< by name
};

/// What the next backup of a name is called.
struct chosen_name {
  std::string name;
  bool is_numbered = false;  ///< it replaces nothing
};
/// Error: what listing says.
[[nodiscard]] result<chosen_name> backup_name(int directory, const std::string& name,
                                              const backup_wish& wish, numbered_backups& numbered);

/// Whether this process may take names away from what `about` is of: in a sticky directory not
/// everybody may.
[[nodiscard]] bool may_be_removed(int directory, const struct stat& about) noexcept;

/// Gives what has the name, which is no directory, the other one as well, or where there are no
/// hard links in its place. What has that is replaced, or is the error file_exists. The result:
/// whether it has both.
[[nodiscard]] result<bool> keep_backup(const directory& where, const std::string& name,
                                       const std::string& backup, if_exists then);

}  // namespace carousel::tool
