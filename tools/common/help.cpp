#include "common/help.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "carousel/config.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t help_column = 32;
constexpr std::array<std::pair<std::string_view, help_form>, 5> forms = {{
    {"text", help_form::text},
    {"man", help_form::man},
    {"bash", help_form::bash},
    {"zsh", help_form::zsh},
    {"fish", help_form::fish},
}};

std::string with_replaced(std::string_view text, char what, std::string_view by) {
  std::string made;
  for (const char c : text) {
    if (c == what)
      made += by;
    else
      made += c;
  }
  return made;
}

/// The options that help shows, its own among them.
std::vector<option> shown_options(const command& of) {
  std::vector<option> options;
  std::ranges::copy_if(of.options, std::back_inserter(options),
                       [](const option& o) { return !o.help.empty(); });
  options.push_back({"h",
                     "help",
                     has_value::maybe,
                     "FORM",
                     "print this, or as man, bash, zsh or fish read it",
                     {}});
  return options;
}

/// "-x" and "--name".
std::vector<std::string> spellings(const option& o) {
  std::vector<std::string> ways;
  for (const char letter : o.letters) ways.push_back(fmt::format("-{}", letter));
  if (!o.name.empty()) ways.push_back(fmt::format("--{}", o.name));
  return ways;
}

std::string value_of(const option& o) {
  switch (o.value) {
    case has_value::no: return "";
    case has_value::yes: return fmt::format("{}{}", o.name.empty() ? ' ' : '=', o.value_name);
    case has_value::maybe: return o.name.empty() ? "" : fmt::format("[={}]", o.value_name);
  }
  return "";
}

std::string as_text(const command& of) {
  std::string out =
      fmt::format("usage: carousel {} [OPTION]... {}\n{}\n\n", of.name, of.operands, of.purpose);
  for (const option& o : shown_options(of)) {
    const std::string left = fmt::format("  {}{}", fmt::join(spellings(o), ", "), value_of(o));
    out += left.size() + 2 > help_column ? fmt::format("{}\n{:{}}", left, "", help_column)
                                         : fmt::format("{:{}}", left, help_column);
    out += o.help + "\n";
  }
  if (!of.notes.empty()) out += "\n" + of.notes;
  return out;
}

/// Text of a manual page: no line of it is a request, and its hyphens can be copied.
std::string roff(std::string_view text) {
  std::string made = with_replaced(with_replaced(text, '\\', "\\e"), '-', "\\-");
  for (std::size_t at = 0; at < made.size(); ++at) {
    if ((made[at] == '.' || made[at] == '\'') && (at == 0 || made[at - 1] == '\n'))
      made.insert(at, "\\&");
  }
  return made;
}

std::string as_man(const command& of) {
  std::string out = fmt::format(".SH \"carousel {}\"\n.B carousel {}\n[OPTION]... {}\n.PP\n{}\n",
                                of.name, of.name, roff(of.operands), roff(of.purpose));
  for (const option& o : shown_options(of))
    out += fmt::format(".TP\n.B {}{}\n{}\n", roff(fmt::format("{}", fmt::join(spellings(o), ", "))),
                       roff(value_of(o)), roff(o.help));
  if (!of.notes.empty()) out += fmt::format(".PP\n.nf\n{}.fi\n", roff(of.notes));
  return out;
}

/// Between single quotes of a shell.
std::string in_single_quotes(std::string_view text) { return with_replaced(text, '\'', "'\\''"); }

std::string as_bash(const command& of) {
  std::vector<std::string> words;
  for (const option& o : shown_options(of))
    std::ranges::copy(spellings(o), std::back_inserter(words));
  return fmt::format("      {}) words='{}' ;;\n", of.name, fmt::join(words, " "));
}

std::string as_zsh(const command& of) {
  std::string out = fmt::format("    {})\n      _arguments -s \\\n", of.name);
  for (const option& o : shown_options(of)) {
    const std::string help = in_single_quotes(
        with_replaced(with_replaced(with_replaced(o.help, '[', "("), ']', ")"), ':', ""));
    const bool takes = o.value == has_value::yes;
    for (const std::string& way : spellings(o))
      out +=
          fmt::format("        '*{}{}[{}]{}' \\\n", way, takes && way.starts_with("--") ? "=" : "",
                      help, takes ? fmt::format(":{}:_files", o.value_name) : std::string());
  }
  return out + "        '*:file:_files' ;;\n";
}

std::string as_fish(const command& of) {
  std::string out;
  for (const option& o : shown_options(of)) {
    out += fmt::format("complete -c carousel -n '__fish_seen_subcommand_from {}'", of.name);
    for (const char letter : o.letters) out += fmt::format(" -s {}", letter);
    if (!o.name.empty()) out += fmt::format(" -l {}", o.name);
    if (o.value == has_value::yes) out += " -r";
    out +=
        fmt::format(" -d '{}'\n", with_replaced(with_replaced(o.help, '\\', "\\\\"), '\'', "\\'"));
  }
  return out;
}

}  // namespace

std::optional<help_form> help_form_of(std::string_view word) noexcept {
  const auto* const found = std::ranges::find(forms, word, [](const auto& f) { return f.first; });
  if (found == forms.end()) return std::nullopt;
  return found->second;
}

std::string_view help_form_name(help_form form) noexcept {
  return forms.at(static_cast<std::size_t>(form)).first;
}

std::string help_of(const command& of, help_form form) {
  switch (form) {
    case help_form::text: return as_text(of);
    case help_form::man: return as_man(of);
    case help_form::bash: return as_bash(of);
    case help_form::zsh: return as_zsh(of);
    case help_form::fish: return as_fish(of);
  }
  return "";
}

help_frame frame_of(const std::vector<command_purpose>& commands, help_form form) {
  std::string names;
  std::string described;
  std::string listed;
  std::string completed;
  for (const auto& [name, purpose] : commands) {
    names += fmt::format("{} ", name);
    described += fmt::format(" '{}:{}'", name, purpose);
    listed += fmt::format(".TP\n.B carousel {}\n{}\n", name, roff(purpose));
    completed +=
        fmt::format("complete -c carousel -n __fish_use_subcommand -a {} -d '{}'\n", name, purpose);
  }
  switch (form) {
    case help_form::text: break;
    case help_form::man:
      return {fmt::format(
                  ".TH CAROUSEL 1 \"\" \"carousel {}.{}.{}\"\n.SH NAME\ncarousel \\- copies "
                  "with io_uring and kernel\\-registered buffers\n.SH SYNOPSIS\n{}",
                  CAROUSEL_VERSION_MAJOR, CAROUSEL_VERSION_MINOR, CAROUSEL_VERSION_PATCH, listed),
              ""};
    case help_form::bash:
      return {fmt::format("# Completes carousel in bash; `carousel --help=bash` writes it.\n"
                          "_carousel() {{\n"
                          "  local word=${{COMP_WORDS[COMP_CWORD]}} words=\n"
                          "  if ((COMP_CWORD == 1)); then\n"
                          "    words='{}--help --version'\n"
                          "  elif [[ $word == -* ]]; then\n"
                          "    case ${{COMP_WORDS[1]}} in\n",
                          names),
              "    esac\n"
              "  fi\n"
              "  mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
              "}\n"
              "complete -o default -F _carousel carousel\n"};
    case help_form::zsh:
      return {fmt::format("#compdef carousel\n"
                          "# `carousel --help=zsh` writes it.\n"
                          "_carousel() {{\n"
                          "  local -a commands=({} )\n"
                          "  if ((CURRENT == 2)); then\n"
                          "    _describe command commands\n"
                          "    return\n"
                          "  fi\n"
                          "  shift words\n"
                          "  ((CURRENT--))\n"
                          "  case $words[1] in\n",
                          described),
              "  esac\n"
              "}\n"
              "_carousel \"$@\"\n"};
    case help_form::fish:
      return {"# Completes carousel in fish; `carousel --help=fish` writes it.\n" + completed, ""};
  }
  return {};
}

}  // namespace carousel::tool
