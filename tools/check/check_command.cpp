#include "check/check_command.hpp"

#include <fmt/format.h>

#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "check/manifest_check.hpp"
#include "common/command_line.hpp"
#include "common/interruption.hpp"
#include "common/make_runtime.hpp"
#include "common/naming.hpp"
#include "common/operand_list.hpp"
#include "common/output.hpp"

namespace carousel::tool {
namespace {

constexpr int cannot_start = 2;

command command_of(bool& verbose) {
  return {
      "check",
      "MANIFEST [DIR...]",
      "Reads each file that MANIFEST names again, and says which of them are missing or not what\n"
      "it says; with DIR also which files there it does not name.",
      {flag("v", "verbose", verbose, "name each file that is right too")},
      std::numeric_limits<std::size_t>::max(),
      "MANIFEST is one of `carousel cp --manifest`, of sha256sum or of xxh128sum; - is stdin. "
      "Names in it\nare relative to the current directory. Links below a DIR are not "
      "followed.\n\n"
      "Examples:\n"
      "  carousel cp -a --manifest=sums SRC DST\n"
      "  carousel check sums DST       each file of DST, and no other, is there and right\n"
      "\n"
      "Exit status: 0; 1 when something is not as it should be or cannot be read; 2 for a wrong\n"
      "command line, or when nothing could be started; 128 and the number of the signal that "
      "ended it.\n"};
}

std::string summary(const manifest_check::figures& found) {
  return fmt::format("{} files are right, {} differ, {} are missing, {} are not in the manifest\n",
                     found.right, found.different, found.missing, found.extra);
}

}  // namespace

int check_command(int argc, char** argv) {
  bool verbose = false;
  auto operands = take(command_of(verbose), argc, argv);
  if (!operands) return operands.error();
  if (operands->empty())
    return refuse_usage("check", "MANIFEST is missing: name the file that `cp --manifest` wrote");
  const std::string name = operands->front();
  operands->erase(operands->begin());
  auto lines = read_lines(name, '\n');
  if (!lines) {
    complain(lines.error());
    return cannot_start;
  }
  auto check = manifest_check::make(verbose);
  auto runtime = make_runtime();
  if (!check || !runtime) {
    complain("cannot use io_uring: " +
             (check ? ring_refusal(runtime.error()) : check.error().message()));
    return cannot_start;
  }
  handle_signals();
  check->read(name, *lines);
  runtime->block_on(check->compare());
  for (const std::string& directory : *operands) check->look_for_others(directory);
  if (const int signal = interrupted(); signal != 0) return 128 + signal;
  say(summary(check->found()));
  return check->is_all_right() ? 0 : 1;
}

}  // namespace carousel::tool
