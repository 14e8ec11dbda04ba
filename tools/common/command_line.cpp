#include "common/command_line.hpp"

#include <fmt/format.h>
#include <getopt.h>

#include <algorithm>
#include <array>
#include <optional>
#include <ranges>
#include <utility>

#include "common/help.hpp"
#include "common/naming.hpp"
#include "common/output.hpp"

namespace carousel::tool {
namespace {

constexpr int usage_error = 2;
constexpr int first_long = 256;  // what getopt_long() gives for long names, beyond all letters
constexpr std::size_t far_away = 3;

/// In the words of getopt_long(3).
struct getopt_tables {
  std::string letters = ":";  // a missing value is told from an unknown option
  std::vector<::option> names;
};

getopt_tables tables_of(const command& of) {
  constexpr std::array has_arg{no_argument, required_argument, optional_argument};
  getopt_tables tables;
  for (std::size_t i = 0; i < of.options.size(); ++i) {
    const option& o = of.options[i];
    for (const char letter : o.letters)
      tables.letters += letter + std::string(static_cast<std::size_t>(o.value), ':');
    if (o.name.empty()) continue;
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): the names are literals
    tables.names.push_back({o.name.data(), has_arg.at(static_cast<std::size_t>(o.value)), nullptr,
                            first_long + static_cast<int>(i)});
  }
  tables.letters += 'h';
  tables.names.push_back({"help", optional_argument, nullptr, 'h'});
  tables.names.push_back({});
  return tables;
}

const option* find_option(const command& of, int code) noexcept {
  if (code >= first_long) return &of.options[static_cast<std::size_t>(code - first_long)];
  const auto has = [&](const option& o) { return o.letters.contains(static_cast<char>(code)); };
  const auto at = std::ranges::find_if(of.options, has);
  return at == of.options.end() ? nullptr : &*at;
}

std::string as_typed(int code, const option& o) {
  return code >= first_long ? fmt::format("--{}", o.name)
                            : fmt::format("-{}", static_cast<char>(code));
}

/// Why getopt_long() does not take the argument, a long one, of which it says no more.
std::string refuse_name(const command& of, std::string_view argument) {
  const std::string_view given = argument.substr(2, argument.find('=') - 2);
  std::vector<std::string_view> names;
  std::string meant;
  for (const option& o : of.options) {
    if (o.name.empty()) continue;
    names.push_back(o.name);
    if (o.name.starts_with(given))
      meant += fmt::format("{}--{}", meant.empty() ? "" : ", ", o.name);
  }
  if (!meant.empty()) return fmt::format("{} could be each of {}", shell_quoted(argument), meant);
  return fmt::format("{} has no option {}{}", of.name, shell_quoted(argument),
                     suggestion(given, names, "--"));
}

/// What was given.
struct arguments {
  std::vector<std::string> operands;
  std::optional<help_form> help;  ///< was asked for
};
using arguments_taken = std::expected<arguments, std::string>;

// getopt_long() keeps its state in globals.
// NOLINTBEGIN(concurrency-mt-unsafe)
arguments_taken take_all(const command& of, int argc, char** argv) {
  const getopt_tables tables = tables_of(of);
  optind = 0;
  opterr = 0;
  for (;;) {
    const int code =
        ::getopt_long(argc, argv, tables.letters.c_str(), tables.names.data(), nullptr);
    if (code == -1) return arguments{std::vector<std::string>(argv + optind, argv + argc), {}};
    if (code == 'h') {
      const auto form = help_form_of(optarg == nullptr ? "text" : optarg);
      if (form) return arguments{{}, form};
      return std::unexpected(
          fmt::format("--help: {} is not text, man, bash, zsh or fish", shell_quoted(optarg)));
    }
    const bool unusable = code == '?' || code == ':';
    if (unusable && optopt == 0) return std::unexpected(refuse_name(of, argv[optind - 1]));
    const int meant = unusable ? optopt : code;
    const option* o = find_option(of, meant);
    if (o == nullptr)
      return std::unexpected(fmt::format("{} has no option {}", of.name,
                                         shell_quoted(std::string{'-', static_cast<char>(meant)})));
    if (unusable)
      return std::unexpected(
          fmt::format("{} {} value", as_typed(meant, *o), code == ':' ? "needs a" : "takes no"));
    if (auto done = o->take(optarg == nullptr ? "" : optarg, as_typed(code, *o)); !done)
      return std::unexpected(std::move(done.error()));
  }
}
// NOLINTEND(concurrency-mt-unsafe)

}  // namespace

option flag(std::string_view letters, std::string_view name, bool& set, std::string help) {
  return {letters, name, has_value::no, {}, std::move(help), [&set](auto, auto) -> taken {
            set = true;
            return {};
          }};
}

option text(std::string_view letters, std::string_view name, std::string_view value_name,
            std::optional<std::string>& to, std::string help) {
  return {letters,
          name,
          has_value::yes,
          value_name,
          std::move(help),
          [&to](std::string_view value, std::string_view as) -> taken {
            if (to) return std::unexpected(fmt::format("{} is given twice", as));
            to = value;
            return {};
          }};
}

std::expected<std::vector<std::string>, int> take(const command& of, int argc, char** argv) {
  auto given = take_all(of, argc, argv);
  if (!given) return std::unexpected(refuse_usage(of.name, given.error()));
  if (given->help) {
    say(help_of(of, *given->help));
    return std::unexpected(0);
  }
  std::vector<std::string>& found = given->operands;
  if (found.size() > of.operands_max)
    return std::unexpected(refuse_usage(
        of.name, fmt::format("{} is one operand too many", shell_quoted(found[of.operands_max]))));
  return std::move(found);
}

int refuse_usage(std::string_view command_name, std::string_view sentence) {
  complain(sentence);
  complain(fmt::format("`carousel {}{}--help` says what there is", command_name,
                       command_name.empty() ? "" : " "));
  return usage_error;
}

std::string_view nearest(std::string_view misspelt, const std::vector<std::string_view>& words) {
  std::string_view best;
  std::size_t least = far_away;
  for (const std::string_view word : words) {
    // The distance of Levenshtein, row by row.
    std::vector<std::size_t> row(word.size() + 1);
    std::ranges::copy(std::views::iota(std::size_t{0}, row.size()), row.begin());
    for (std::size_t i = 0; i < misspelt.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i + 1);
      for (std::size_t j = 0; j < word.size(); ++j) {
        const std::size_t changed = diagonal + (misspelt[i] == word[j] ? 0 : 1);
        diagonal = std::exchange(row[j + 1], std::min({changed, row[j + 1] + 1, row[j] + 1}));
      }
    }
    if (row.back() >= std::min(least, word.size())) continue;
    least = row.back();
    best = word;
  }
  return best;
}

std::string suggestion(std::string_view misspelt, const std::vector<std::string_view>& words,
                       std::string_view prefix) {
  const std::string_view meant = nearest(misspelt, words);
  return meant.empty() ? std::string() : fmt::format("; did you mean {}{}?", prefix, meant);
}

}  // namespace carousel::tool
