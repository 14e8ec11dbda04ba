#include "copy/copy_options.hpp"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>
#include <utility>

#include "common/command_line.hpp"
#include "common/naming.hpp"
#include "common/numbers.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t buffers_max = 8192;
constexpr std::size_t buffer_bytes_min = 4096;
constexpr std::size_t buffer_bytes_max = std::size_t{1} << 30U;

struct unsupported {
  std::string_view letter;  ///< may be empty
  std::string_view name;    ///< may be empty
  std::string_view why;
};

constexpr std::string_view always_replaced =
    "a copy gets its name in one step, and what had it before is replaced; -n keeps that";
constexpr std::string_view no_backup = "no backups are made; -n keeps what exists";

constexpr std::array<unsupported, 30> refused = {{
    {"", "attributes-only", "content is always copied"},
    {"b", "backup", no_backup},
    {"S", "suffix", no_backup},
    {"", "copy-contents", "FIFOs and devices are not read"},
    {"", "debug", "-v and --json say what was done"},
    {"H", "", "symbolic links are copied as links where there is -r; without it they are followed"},
    {"i", "interactive", "nothing is asked; -n keeps what exists"},
    {"l", "link", "files are copied, not linked; use `cp -l`"},
    {"L", "dereference",
     "symbolic links are copied as links where there is -r; without it they are followed"},
    {"d", "", "use -P for links that are named, -a to keep hard links"},
    {"", "preserve", "use -p for owner, permissions and times, -a for links and attributes too"},
    {"", "no-preserve", "use -r to keep nothing, -p for owner, permissions and times"},
    {"", "parents", "use `cp --parents`, or rsync -R"},
    {"", "remove-destination", always_replaced},
    {"s", "symbolic-link", "files are copied, not linked; use `cp -s`"},
    {"", "sparse", "holes of the source are always holes of the copy, and no others are made"},
    {"", "strip-trailing-slashes", "leave the slashes out"},
    {"u", "update", "times are not compared; -n keeps what exists, rsync -u keeps what is newer"},
    {"x", "one-file-system", "other file systems below a source are copied too"},
    {"Z", "", "security contexts are copied by -a where that is allowed, and never set"},
    {"", "context", "security contexts are copied by -a where that is allowed, and never set"},
    {"", "keep-directory-symlink", "a symbolic link in the way of a directory is an error"},
    {"", "exclude", "everything is copied; use rsync"},
    {"", "delete", "nothing is removed; use rsync"},
    {"", "progress", "it is shown on a terminal; --quiet hides it"},
    {"g", "progress-bar", "progress is shown on a terminal; --quiet hides it"},
    {"", "checksum", "use --verify"},
    {"c", "", "use -a"},
    {"", "dry-run", "there is none"},
    {"j", "jobs", "use --buffers: as many files are in flight"},
}};

option refusal_of(const unsupported& r) {
  return {r.letter, r.name, has_value::maybe, {}, {}, [&r](auto, std::string_view spelt) -> taken {
            return std::unexpected(fmt::format("cp {} is not supported: {}", spelt, r.why));
          }};
}

option buffer_size(std::size_t& bytes) {
  return {"",
          "buffer-size",
          has_value::yes,
          "BYTES",
          fmt::format("bytes of a large buffer, as 256K or 1M [{}]", bytes),
          [&bytes](std::string_view value, std::string_view spelt) -> taken {
            const auto n = byte_count(value, spelt);
            if (!n) return std::unexpected(n.error());
            if (*n < buffer_bytes_min || *n > buffer_bytes_max)
              return std::unexpected(fmt::format("{}: {} is not from {} to {} bytes", spelt,
                                                 shell_quoted(value), buffer_bytes_min,
                                                 buffer_bytes_max));
            bytes = *n;
            return {};
          }};
}

option reflink(reflink_wish& wish) {
  return {"",
          "reflink",
          has_value::maybe,
          "WHEN",
          "share storage instead of copying: where it can be (auto, the default), or else fail "
          "(always, or no WHEN), or never",
          [&wish](std::string_view value, std::string_view spelt) -> taken {
            if (value.empty() || value == "always")
              wish = reflink_wish::always;
            else if (value == "auto")
              wish = reflink_wish::automatic;
            else if (value == "never")
              wish = reflink_wish::never;
            else
              return std::unexpected(
                  fmt::format("{}: {} is not auto, always or never", spelt, shell_quoted(value)));
            return {};
          }};
}

command command_of(copy_options& options) {
  command cp{
      "cp",
      "SRC... DST",
      "Copies SRC to DST, or each SRC into the directory DST. No operand is looked into: a name\n"
      "is what it is, in brackets or not; names that begin with - stand behind --.",
      {flag("rR", "recursive", options.recursive, "copy directories"),
       flag("p", "", options.preserve,
            "keep owner, permissions with access control lists, and times"),
       flag("a", "archive", options.archive, "-r -p, and keep hard links and extended attributes"),
       flag("P", "no-dereference", options.keep_links,
            "copy a symbolic link that is named as a link; -r and -a do"),
       text("t", "target-directory", "DIRECTORY", options.into, "copy into this directory"),
       flag("T", "no-target-directory", options.as_file, "DST is the name of the copy itself"),
       flag("n", "no-clobber", options.no_clobber, "keep files that exist"),
       flag("f", "force", options.force,
            "replace a file by a new one where it may not be written to, and no other can be like "
            "it"),
       reflink(options.reflink),
       flag("", "sync", options.sync,
            "make each file durable before it gets its name, and then the name"),
       flag("", "verify", options.verify, "read both files again and compare their digests"),
       flag("", "compare", options.compare,
            "afterwards time copies of SRC by carousel and by cp -a, in turn, beside DST"),
       flag("", "json", options.json, "report as one JSON object"),
       flag("v", "verbose", options.verbose, "name each file"),
       flag("", "quiet", options.quiet, "no progress on a terminal"),
       number_option<std::size_t>("buffers", options.buffers, {1, buffers_max},
                                  "files in flight, and large buffers"),
       buffer_size(options.buffer_bytes)}};
  for (const unsupported& r : refused) cp.options.push_back(refusal_of(r));
  return cp;
}

/// Tells the sources from the destination.
taken settle(copy_options& options, std::vector<std::string> operands) {
  if (options.into && options.as_file)
    return std::unexpected(
        "-t excludes -T: one names a directory to copy into, the other says "
        "that there is none");
  if (options.verbose && options.json) return std::unexpected("--json excludes -v");
  if (operands.empty()) return std::unexpected("SRC is missing: name what to copy");
  if (!options.into && operands.size() == 1)
    return std::unexpected(
        fmt::format("DST is missing: name a destination after {}", shell_quoted(operands.front())));
  if (options.into) {
    options.destination = *options.into;
  } else {
    options.destination = std::move(operands.back());
    operands.pop_back();
  }
  options.sources = std::move(operands);
  return {};
}

}  // namespace

std::expected<copy_options, int> take_copy_options(int argc, char** argv) {
  copy_options options;
  const command cp = command_of(options);
  auto operands = take(cp, argc, argv);
  if (!operands) return std::unexpected(operands.error());
  if (auto done = settle(options, std::move(*operands)); !done)
    return std::unexpected(refuse_usage(cp.name, done.error()));
  return options;
}

}  // namespace carousel::tool
