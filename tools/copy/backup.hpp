#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

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

/// What the next backup of a name in the directory is called. Error: what listing says.
[[nodiscard]] result<std::string> backup_name(int directory, const std::string& name,
                                              const backup_wish& wish);

/// Whether this process may take names away from what `about` is of: in a sticky directory not
/// everybody may.
[[nodiscard]] bool may_be_removed(int directory, const struct stat& about) noexcept;

/// Gives what has the name, which is no directory, the other one as well, or where there are no
/// hard links in its place. It replaces what has that. The result: whether it has both.
[[nodiscard]] result<bool> keep_backup(const directory& where, const std::string& name,
                                       const std::string& backup);

}  // namespace carousel::tool
