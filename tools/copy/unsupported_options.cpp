#include "copy/unsupported_options.hpp"

#include <fmt/format.h>

#include <array>
#include <expected>
#include <string_view>

namespace carousel::tool {
namespace {

struct unsupported {
  std::string_view letter;  ///< may be empty
  std::string_view name;    ///< may be empty
  std::string_view why;
};

constexpr std::string_view always_replaced =
    "a copy gets its name in one step, and what had it before is replaced; -n keeps that";

constexpr std::array<unsupported, 16> refused = {{
    {"", "attributes-only", "content is always copied"},
    {"", "copy-contents", "FIFOs and devices are not read"},
    {"", "debug", "-v and --json say what was done"},
    {"l", "link", "files are copied, not linked; use `cp -l`"},
    {"", "preserve", "use -p for owner, permissions and times, -a for links and attributes too"},
    {"", "no-preserve", "use -r to keep nothing, -p for owner, permissions and times"},
    {"", "remove-destination", always_replaced},
    {"s", "symbolic-link", "files are copied, not linked; use `cp -s`"},
    {"", "strip-trailing-slashes", "leave the slashes out"},
    {"Z", "", "security contexts are copied by -a where that is allowed, and never set"},
    {"", "context", "security contexts are copied by -a where that is allowed, and never set"},
    {"", "keep-directory-symlink", "a symbolic link in the way of a directory is an error"},
    {"g", "progress-bar", "use --progress; on a terminal it is shown anyway"},
    {"", "checksum", "use --verify"},
    {"c", "", "use -a"},
    {"j", "jobs", "use --buffers: as many files are in flight"},
}};

option refusal_of(const unsupported& r) {
  return {r.letter, r.name, has_value::maybe, {}, {}, [&r](auto, std::string_view spelt) -> taken {
            return std::unexpected(fmt::format("cp {} is not supported: {}", spelt, r.why));
          }};
}

}  // namespace

std::vector<option> unsupported_options() {
  std::vector<option> options;
  options.reserve(refused.size());
  for (const unsupported& r : refused) options.push_back(refusal_of(r));
  return options;
}

}  // namespace carousel::tool
