#include <fmt/format.h>

#include <array>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "bench/command.hpp"
#include "bench/options.hpp"
#include "carousel/carousel.hpp"
#include "check/check_command.hpp"
#include "common/command_line.hpp"
#include "common/help.hpp"
#include "common/interruption.hpp"
#include "common/naming.hpp"
#include "common/output.hpp"
#include "copy/copy_arguments.hpp"
#include "copy/copy_command.hpp"
#include "doctor/doctor.hpp"

namespace {

namespace tool = carousel::tool;

int copy(int argc, char** argv) {
  const auto options = tool::take_copy_options(argc, argv);
  if (!options) return options.error();
  tool::handle_signals();
  return tool::copy_command(*options);
}

int examine(int argc, char** argv) {
  bool json = false;
  const tool::command doctor{
      "doctor",
      "[PATH]",
      "Says what io_uring can do on this machine. O_DIRECT is tried at PATH, "
      "or in the current\ndirectory.",
      {tool::flag("", "json", json, "report as one JSON object")},
      1};
  const auto operands = tool::take(doctor, argc, argv);
  if (!operands) return operands.error();
  return tool::doctor(operands->empty() ? "." : operands->front(), json);
}

int measure(int argc, char** argv) {
  const auto options = tool::bench::take_options(argc, argv);
  if (!options) return options.error();
  tool::handle_signals();
  return tool::bench::command(*options);
}

struct program {
  std::string_view name;
  std::string_view purpose;
  int (*run)(int argc, char** argv);
};

constexpr std::array<program, 4> programs = {{
    {"cp", "copies files and trees", copy},
    {"check", "says whether files are what the manifest of a copy says", tool::check_command},
    {"doctor", "says what io_uring can do on this machine", examine},
    {"bench", "says what registered buffers and huge pages do for reads of a file", measure},
}};

void print_help() {
  std::string help =
      "usage: carousel COMMAND [OPTION]... [OPERAND]...\n"
      "Copies with io_uring and kernel-registered buffers.\n\n";
  for (const program& p : programs) help += fmt::format("  {:8}{}\n", p.name, p.purpose);
  tool::say(
      help +
      "\n`carousel COMMAND --help` says more; `carousel --version` says which version this is.\n");
}

/// For man and the shells, of all commands.
int print_whole_help(tool::help_form form) {
  std::vector<tool::command_purpose> purposes;
  purposes.reserve(programs.size());
  for (const program& p : programs) purposes.push_back({p.name, p.purpose});
  const tool::help_frame frame = tool::frame_of(purposes, form);
  tool::say(frame.head);
  for (const program& p : programs) {
    std::string name(p.name);
    std::string asks = fmt::format("--help={}", tool::help_form_name(form));
    std::array<char*, 3> argv{name.data(), asks.data(), nullptr};
    if (const int status = p.run(2, argv.data()); status != 0) return status;
  }
  tool::say(frame.tail);
  return 0;
}

int refuse_command(std::string_view word) {
  std::vector<std::string_view> names;
  names.reserve(programs.size());
  for (const program& p : programs) names.push_back(p.name);
  return tool::refuse_usage("", fmt::format("there is no command {}{}", tool::shell_quoted(word),
                                            tool::suggestion(word, names, "")));
}

int run(int argc, char** argv) {
  if (argc < 2)
    return tool::refuse_usage("", "COMMAND is missing: say what to do, such as `carousel cp`");
  const std::string_view word = argv[1];
  if (word == "--version") {
    tool::say(fmt::format("carousel {}.{}.{}\n", CAROUSEL_VERSION_MAJOR, CAROUSEL_VERSION_MINOR,
                          CAROUSEL_VERSION_PATCH));
    return 0;
  }
  if (word == "--help" || word == "-h") {
    print_help();
    return 0;
  }
  if (const auto form = tool::help_form_of(word.substr(word.find('=') + 1));
      form && form != tool::help_form::text && word.starts_with("--help="))
    return print_whole_help(*form);
  for (const program& p : programs) {
    if (word == p.name) return p.run(argc - 1, argv + 1);
  }
  return refuse_command(word);
}

}  // namespace

int main(int argc, char** argv) {
  int status = 1;
  carousel::tool::begin_output();
  try {
    status = run(argc, argv);
  } catch (const std::exception& e) {
    carousel::tool::complain(std::string("stopped: ") + e.what());
  }
  return carousel::tool::end_output(status);
}
