#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/command.hpp"
#include "bench/options.hpp"
#include "carousel/carousel.hpp"
#include "common/interruption.hpp"
#include "common/output.hpp"
#include "copy/copy_command.hpp"
#include "copy/copy_options.hpp"
#include "doctor/doctor.hpp"

namespace {

constexpr int usage_error = 2;

int run(int argc, char** argv) {
  CLI::App app{"Copies with io_uring and kernel-registered buffers"};
  app.set_version_flag("--version", fmt::format("carousel {}.{}.{}", CAROUSEL_VERSION_MAJOR,
                                                CAROUSEL_VERSION_MINOR, CAROUSEL_VERSION_PATCH));
  app.require_subcommand(1);

  carousel::tool::copy_options options;
  auto* cp = app.add_subcommand("cp", "Copy SRC... to DST, or into the directory DST");
  carousel::tool::add_copy_options(*cp, options);

  std::string place = ".";
  bool json = false;
  auto* doctor = app.add_subcommand("doctor", "Say what io_uring can do on this machine");
  doctor->add_option("PATH", place, "where O_DIRECT is tried");
  doctor->add_flag("--json", json, "report as one JSON object");

  carousel::tool::bench::options measured;
  auto* bench = app.add_subcommand(
      "bench",
      "Say what registered buffers and huge pages do for reads of FILE, which is not changed");
  carousel::tool::bench::add_options(*bench, measured);

  if (argc > 2 && std::string_view(argv[1]) == "cp") {
    const auto refused = carousel::tool::refused_option({argv + 2, argv + argc});
    if (!refused.empty()) {
      carousel::tool::complain(refused);
      return usage_error;
    }
  }
  try {
    app.parse(argc, argv);
    if (cp->parsed() && options.into.empty() && options.names.size() < 2)
      throw CLI::RequiredError("a destination after '" + options.names.front() + "'");
  } catch (const CLI::ParseError& e) {
    std::ostringstream help;
    std::ostringstream refusal;
    const int status = app.exit(e, help, refusal);
    carousel::tool::say(help.str());
    if (status == 0) return 0;
    carousel::tool::complain(refusal.str());
    return usage_error;
  }
  if (doctor->parsed()) return carousel::tool::doctor(place, json);
  carousel::tool::handle_signals();
  if (bench->parsed()) return carousel::tool::bench::command(measured);
  return carousel::tool::copy_command(options);
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
