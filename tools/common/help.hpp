#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/command_line.hpp"

namespace carousel::tool {

/// Who reads help: a person, man(1), or a shell that completes a command line.
enum class help_form : std::uint8_t { text, man, bash, zsh, fish };

[[nodiscard]] std::optional<help_form> help_form_of(std::string_view word) noexcept;

[[nodiscard]] std::string_view help_form_name(help_form form) noexcept;

/// Of one command, from its one description. For man and the shells it is a part of the whole.
[[nodiscard]] std::string help_of(const command& of, help_form form);

/// A command of the program, and what it does in a few words.
struct command_purpose {
  std::string_view name;
  std::string_view purpose;
};

/// What stands before the parts of the commands, and behind them. Not for text.
struct help_frame {
  std::string head;
  std::string tail;
};
[[nodiscard]] help_frame frame_of(const std::vector<command_purpose>& commands, help_form form);

}  // namespace carousel::tool
