#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace carousel::tool {

/// For messages: 'name' where every byte shows as itself, $'na\nme' with the escapes of a shell
/// where one would not.
[[nodiscard]] std::string shell_quoted(std::string_view name);

/// A path as the directory to start from and the last name, which keeps slashes at its end: "a/b/"
/// is "a/" and "b/".
struct split_name {
  std::string directory;  ///< empty for the current one; ends in a slash
  std::string name;       ///< "." for the root
};
[[nodiscard]] split_name split(std::string_view path);

/// The name without slashes at its end.
[[nodiscard]] std::string_view without_slashes(std::string_view name) noexcept;
/// "." and "..": names that a copy cannot have, so that it goes into the target itself.
[[nodiscard]] bool names_no_child(std::string_view name) noexcept;

/// A name for what is not whole yet, ".NAME.carousel-" and 8 random digits, within NAME_MAX.
[[nodiscard]] std::string temporary_name(std::string_view name);
/// From now on with this number in 8 digits before the random ones, for who looks for them later.
/// Before there are threads.
void mark_temporary_names(std::uint32_t number);

}  // namespace carousel::tool
