#include "copy/copy_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <string_view>

namespace carousel::tool {
namespace {

struct unsupported {
  char letter;  ///< 0: none
  std::string_view name;
  std::string_view why;
};

constexpr std::string_view always_replaced =
    "a copy gets its name in one step, and what had it before is replaced; -n keeps that";
constexpr std::string_view no_backup = "no backups are made; -n keeps what exists";

constexpr std::array<unsupported, 31> refused = {{
    {0, "attributes-only", "content is always copied"},
    {'b', "backup", no_backup},
    {'S', "suffix", no_backup},
    {0, "copy-contents", "FIFOs and devices are not read"},
    {0, "debug", "-v and --json say what was done"},
    {'H', "", "symbolic links are copied as links where there is -r; without it they are followed"},
    {'i', "interactive", "nothing is asked; -n keeps what exists"},
    {'l', "link", "files are copied, not linked; use `cp -l`"},
    {'L', "dereference",
     "symbolic links are copied as links where there is -r; without it they are followed"},
    {'d', "", "use -P for links that are named, -a to keep hard links"},
    {0, "preserve", "use -p for owner, permissions and times, -a for links and attributes too"},
    {0, "no-preserve", "use -r to keep nothing, -p for owner, permissions and times"},
    {0, "parents", "use `cp --parents`, or rsync -R"},
    {0, "reflink", "data is always copied; use `cp --reflink`"},
    {0, "remove-destination", always_replaced},
    {'s', "symbolic-link", "files are copied, not linked; use `cp -s`"},
    {0, "sparse", "holes of the source are always holes of the copy, and no others are made"},
    {0, "strip-trailing-slashes", "leave the slashes out"},
    {'u', "update", "times are not compared; -n keeps what exists, rsync -u keeps what is newer"},
    {'x', "one-file-system", "other file systems below a source are copied too"},
    {'Z', "", "security contexts are copied by -a where that is allowed, and never set"},
    {0, "context", "security contexts are copied by -a where that is allowed, and never set"},
    {0, "keep-directory-symlink", "a symbolic link in the way of a directory is an error"},
    {0, "exclude", "everything is copied; use rsync"},
    {0, "delete", "nothing is removed; use rsync"},
    {0, "progress", "it is shown on a terminal; --quiet hides it"},
    {'g', "progress-bar", "progress is shown on a terminal; --quiet hides it"},
    {0, "checksum", "use --verify"},
    {'c', "", "use -a"},
    {0, "dry-run", "there is none"},
    {'j', "jobs", "use --buffers: as many files are in flight"},
}};

const unsupported* find_long(std::string_view name) noexcept {
  if (name.empty()) return nullptr;
  for (const unsupported& r : refused) {
    if (r.name == name) return &r;
  }
  return nullptr;
}

const unsupported* find_letter(char letter) noexcept {
  for (const unsupported& r : refused) {
    if (r.letter == letter) return &r;
  }
  return nullptr;
}

std::string sentence(std::string_view option, const unsupported& r) {
  return fmt::format("cp {} is not supported: {}", option, r.why);
}

}  // namespace

void add_copy_options(CLI::App& command, copy_options& options) {
  command.add_option("SRC... DST", options.names)->required()->expected(1, -1);
  command.add_flag("-r,-R,--recursive", options.recursive, "copy directories");
  command.add_flag("-p", options.preserve,
                   "keep owner, permissions with access control lists, and times");
  command.add_flag("-a,--archive", options.archive,
                   "-r -p, and keep hard links and extended attributes");
  command.add_flag("-P,--no-dereference", options.keep_links,
                   "copy a symbolic link that is named as a link; -r and -a do");
  auto* into =
      command.add_option("-t,--target-directory", options.into, "copy into this directory");
  command
      .add_flag("-T,--no-target-directory", options.as_file, "DST is the name of the copy itself")
      ->excludes(into);
  command.add_flag("-n,--no-clobber", options.no_clobber, "keep files that exist");
  command.add_flag_function(
      "-f,--force", [](std::int64_t) {}, "is always so: a file that exists is replaced");
  command.add_flag("--sync", options.sync,
                   "make each file durable before it gets its name, and then the name");
  command.add_flag("--verify", options.verify, "read both files again and compare their digests");
  auto* compare = command.add_flag(
      "--compare", options.compare,
      "afterwards time copies of SRC by carousel and by cp -a, in turn, beside DST");
  auto* json = command.add_flag("--json", options.json, "report as one JSON object");
  command.add_flag("-v,--verbose", options.verbose, "name each file")->excludes(json);
  command.add_flag("--quiet", options.quiet, "no progress on a terminal");
  command.add_option("--buffers", options.buffers, "files in flight, and large buffers")
      ->check(CLI::Range(1, 8192))
      ->capture_default_str();
  command.add_option("--buffer-size", options.buffer_bytes, "bytes of a large buffer")
      ->check(CLI::Range(4096, 1 << 30))
      ->capture_default_str();
  (void)compare;
}

std::string refused_option(const std::vector<std::string>& arguments) {
  for (const std::string_view argument : arguments) {
    if (argument == "--") break;
    if (argument.starts_with("--")) {
      const std::string_view name = argument.substr(2, argument.find('=') - 2);
      if (const unsupported* r = find_long(name))
        return sentence(argument.substr(0, name.size() + 2), *r);
      continue;
    }
    if (!argument.starts_with('-')) continue;
    for (const char letter : argument.substr(1)) {
      if (letter == 't') break;  // the rest is its value
      if (const unsupported* r = find_letter(letter)) return sentence(std::string{'-', letter}, *r);
    }
  }
  return {};
}

}  // namespace carousel::tool
