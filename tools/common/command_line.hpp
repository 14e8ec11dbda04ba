#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace carousel::tool {

/// Nothing, or a sentence that says why an argument is not taken.
using taken = std::expected<void, std::string>;

/// Whether an option has a value: `-x VALUE`, `--name=VALUE`.
enum class has_value : std::uint8_t { no, yes, maybe };

/// An option of a command.
struct option {
  std::string_view letters;  ///< each of them, after "-", is this option; may be empty
  std::string_view name;     ///< after "--"; may be empty
  has_value value = has_value::no;
  std::string_view value_name;  ///< in the help
  std::string help;             ///< empty: the help does not show it
  /// Called for each time that it is given, with its value or "", and with the option as it is
  /// spelt in full.
  std::function<taken(std::string_view value, std::string_view spelt)> take;
};

[[nodiscard]] option flag(std::string_view letters, std::string_view name, bool& set,
                          std::string help);
/// A value that is taken as it stands; given twice, the option is refused.
[[nodiscard]] option text(std::string_view letters, std::string_view name,
                          std::string_view value_name, std::optional<std::string>& to,
                          std::string help);

/// A command of the program: the one description of its options, for taking them and for its help.
struct command {
  std::string_view name;
  std::string_view operands;  ///< in the help: "SRC... DST"
  std::string purpose;
  std::vector<option> options;
  std::size_t operands_max = std::numeric_limits<std::size_t>::max();
  std::string notes = {};  ///< behind the options in the help: examples, exit status, units
};

/// Takes the arguments behind the name of the command, argv[0], with getopt_long(3), as cp(1) does:
/// options may stand behind operands, "--" ends them, long names may be cut short. Gives the
/// operands, in their order and byte for byte: none of them is looked into. When there is nothing
/// to go on with, the reason was printed, help or what is wrong, and the error is the exit status.
/// Reorders argv; one thread.
[[nodiscard]] std::expected<std::vector<std::string>, int> take(const command& of, int argc,
                                                                char** argv);

/// Says what is wrong with the arguments of the command. Gives the exit status.
int refuse_usage(std::string_view command_name, std::string_view sentence);

/// The one of the words that was most likely meant; empty when none is near.
[[nodiscard]] std::string_view nearest(std::string_view misspelt,
                                       const std::vector<std::string_view>& words);

/// "; did you mean WORD?", with the prefix before the word, or nothing.
[[nodiscard]] std::string suggestion(std::string_view misspelt,
                                     const std::vector<std::string_view>& words,
                                     std::string_view prefix);

}  // namespace carousel::tool
