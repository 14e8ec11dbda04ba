#include "copy/copy_arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>

#include "common/command_line.hpp"
#include "common/naming.hpp"
#include "common/numbers.hpp"
#include "common/operand_list.hpp"
#include "copy/backup_options.hpp"
#include "copy/option_conflicts.hpp"
#include "copy/unsupported_options.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t buffers_max = 8192;
constexpr std::size_t threads_max = 1024;
constexpr std::size_t buffer_bytes_min = 4096;
constexpr std::size_t buffer_bytes_max = std::size_t{1} << 30U;

/// A flag that says which symbolic links are followed; the last one counts.
option following(std::string_view letters, std::string_view name, copy_options& options,
                 follow_wish wish, std::string help) {
  return {letters, name, has_value::no, {}, std::move(help), [&options, wish](auto, auto) -> taken {
            options.follow = wish;
            return {};
          }};
}

/// A flag of several.
option flag_of_copy(std::string_view letters, std::string_view name, copy_options& options,
                    bool copy_options::* set, std::string help) {
  return {letters, name, has_value::no, {}, std::move(help), [&options, set](auto, auto) -> taken {
            options.*set = true;
            options.follow = follow_wish::never;
            return {};
          }};
}

/// -n and -i: the last one counts.
option about_what_exists(std::string_view letter, std::string_view name, copy_options& options,
                         bool ask, std::string help) {
  return {letter, name, has_value::no, {}, std::move(help), [&options, ask](auto, auto) -> taken {
            options.interactive = ask;
            options.no_clobber = !ask;
            return {};
          }};
}

option exclusion(std::vector<std::string>& patterns) {
  return {"",
          "exclude",
          has_value::yes,
          "PATTERN",
          "leave out what is called so in a tree, and what is below it: a name, or with a slash a "
          "path in SRC; a slash at its end: directories only; may be given again",
          [&patterns](std::string_view value, std::string_view spelt) -> taken {
            if (without_slashes(value).empty() || value.find_first_not_of('/') == value.npos)
              return std::unexpected(
                  fmt::format("{}: {} is no pattern of a name", spelt, shell_quoted(value)));
            patterns.emplace_back(value);
            return {};
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

option thread_count(std::optional<std::size_t>& threads) {
  return {
      "",
      "threads",
      has_value::yes,
      "N",
      "threads that copy files of less than 8 MiB; what comes out is the same for any N [one for "
      "each processor that the program may use]",
      [&threads](std::string_view value, std::string_view spelt) -> taken {
        const auto n = number<std::size_t>(value, spelt, {1, threads_max});
        if (!n) return std::unexpected(n.error());
        threads = *n;
        return {};
      }};
}

/// Of --reflink and --sparse.
template <class Wish>
taken take_when(Wish& wish, std::string_view value, std::string_view spelt) {
  if (value == "always")
    wish = Wish::always;
  else if (value == "auto")
    wish = Wish::automatic;
  else if (value == "never")
    wish = Wish::never;
  else
    return std::unexpected(
        fmt::format("{}: {} is not auto, always or never", spelt, shell_quoted(value)));
  return {};
}

option reflink(reflink_wish& wish) {
  return {"",
          "reflink",
          has_value::maybe,
          "WHEN",
          "share storage instead of copying: where it can be (auto, the default), or else fail "
          "(always, or no WHEN), or never",
          [&wish](std::string_view value, std::string_view spelt) {
            return take_when(wish, value.empty() ? "always" : value, spelt);
          }};
}

option sparse(sparse_wish& wish) {
  return {"",
          "sparse",
          has_value::yes,
          "WHEN",
          "make holes: where the source has them (auto, the default), where there are blocks of "
          "zeros too (always), or nowhere (never)",
          [&wish](std::string_view value, std::string_view spelt) {
            return take_when(wish, value, spelt);
          }};
}

option sync_option(sync_wish& wish) {
  return {"",
          "sync",
          has_value::maybe,
          "WHAT",
          "survive a power loss: not until the system writes (none, the default); no name leads to "
          "a part (data: each file is written before it gets its name); or all of it, before the "
          "end (full, or no WHAT)",
          [&wish](std::string_view value, std::string_view spelt) -> taken {
            if (value.empty() || value == "full")
              wish = sync_wish::full;
            else if (value == "data")
              wish = sync_wish::data;
            else if (value == "none")
              wish = sync_wish::none;
            else
              return std::unexpected(
                  fmt::format("{}: {} is not none, data or full", spelt, shell_quoted(value)));
            return {};
          }};
}

option resume_option(resume_wish& wish) {
  return {"",
          "resume",
          has_value::maybe,
          "CHECK",
          "go on with a copy that was broken off: keep what has the size, the time and the "
          "permissions of SRC (time, the default; with -p or -a), or its content (hash)",
          [&wish](std::string_view value, std::string_view spelt) -> taken {
            if (value.empty() || value == "time")
              wish = resume_wish::by_time;
            else if (value == "hash")
              wish = resume_wish::by_content;
            else
              return std::unexpected(
                  fmt::format("{}: {} is not time or hash", spelt, shell_quoted(value)));
            return {};
          }};
}

option rate_option(std::uint64_t& bytes_per_second) {
  return {"",
          "bwlimit",
          has_value::yes,
          "BYTES",
          "copy no more than so many bytes in a second",
          [&bytes_per_second](std::string_view value, std::string_view spelt) -> taken {
            const auto n = byte_count(value, spelt);
            if (!n) return std::unexpected(n.error());
            if (*n == 0)
              return std::unexpected(fmt::format("{}: no bytes at all are not a rate", spelt));
            bytes_per_second = *n;
            return {};
          }};
}

option hash_option(hash_kind& kind) {
  return {"",
          "hash",
          has_value::yes,
          "KIND",
          "of --manifest: sha256 (the default), or xxh128, which is faster and no proof against "
          "intent",
          [&kind](std::string_view value, std::string_view spelt) -> taken {
            const auto named = hash_kind_of(value);
            if (!named)
              return std::unexpected(
                  fmt::format("{}: {} is not sha256 or xxh128", spelt, shell_quoted(value)));
            kind = *named;
            return {};
          }};
}

constexpr const char* notes =
    "Examples:\n"
    "  carousel cp -a /srv/data /backup            a whole tree, with all that it has\n"
    "  carousel cp -aux / /mnt/copy                what has changed since, of one file system\n"
    "  carousel cp -ax --delete --dry-run SRC/. DST what would make DST the same as SRC\n"
    "  carousel cp -r --exclude='*.tmp' DIR NEW    without what is called so\n"
    "  carousel cp -a --resume SRC DST             go on where it was broken off\n"
    "  carousel cp -a --manifest=sums SRC DST      and later: carousel check sums\n"
    "  carousel cp --sync --verify FILE DST        durable, and read again\n"
    "\n"
    "Exit status: 0; 1 when something was not copied, and the rest was; 2 for a wrong command\n"
    "line, or when nothing could be started; 128 and the number of the signal that ended it.\n"
    "\n"
    "BYTES may end in K, M or G, for units of 1024.\n";

std::vector<option> source_options(copy_options& options) {
  return {flag("rR", "recursive", options.recursive, "copy directories"),
          flag("p", "", options.preserve,
               "keep owner, permissions with access control lists, and times"),
          flag_of_copy("a", "archive", options, &copy_options::archive,
                       "-r -p -d, and keep extended attributes"),
          flag_of_copy("d", "", options, &copy_options::hard_links, "-P, and keep hard links"),
          following("P", "no-dereference", options, follow_wish::never,
                    "copy a symbolic link that is named as a link; -r and -a do"),
          following("H", "", options, follow_wish::named, "follow a symbolic link that is named"),
          following("L", "dereference", options, follow_wish::always, "follow all symbolic links"),
          flag("x", "one-file-system", options.one_file_system,
               "stay on the file system of SRC: what is mounted below it is an empty directory"),
          exclusion(options.excluded)};
}

std::vector<option> target_options(copy_options& options) {
  return {
      text("t", "target-directory", "DIRECTORY", options.into, "copy into this directory"),
      text("", "files-from", "FILE", options.list,
           "copy what FILE names too, a line for each, into the directory DST; - is stdin"),
      flag("0", "null", options.list_has_nuls,
           "names in FILE end with NUL, as find -print0 has it"),
      flag("", "parents", options.parents,
           "copy SRC to DST/SRC, below the directories that lead to it, which are made"),
      flag("T", "no-target-directory", options.as_file, "DST is the name of the copy itself"),
      about_what_exists("n", "no-clobber", options, false, "keep files that exist"),
      about_what_exists("i", "interactive", options, true,
                        "ask before a file is replaced; the answer y is yes"),
      short_backup(options.backups),
      backup_option(options.backups),
      suffix_option(options.backups),
      flag("u", "update", options.update, "keep files that exist and are not older than SRC"),
      flag("f", "force", options.force,
           "replace a file by a new one where it may not be written to, and no other can be like "
           "it"),
      flag("", "delete", options.remove_extras,
           "when all is copied, remove from the directories of the copy what no SRC has; not what "
           "--exclude leaves out or what is mounted there, and nothing at all after an error"),
      flag("", "dry-run", options.dry_run,
           "say what would be made, replaced and removed, and touch nothing")};
}

std::vector<option> content_options(copy_options& options) {
  return {
      reflink(options.reflink),
      sparse(options.sparse),
      sync_option(options.sync),
      resume_option(options.resume),
      flag("", "verify", options.verify, "read both files again and compare their hashes"),
      text(
          "", "manifest", "FILE", options.manifest_file,
          "write the hash of each file of the copy, with its name, to FILE: `sha256sum -c FILE` or "
          "`carousel check FILE DST` checks them"),
      hash_option(options.hash),
      rate_option(options.bytes_per_second)};
}

std::vector<option> report_options(copy_options& options) {
  return {flag("", "compare", options.compare,
               "afterwards time copies of SRC by carousel and by cp -a, in turn, beside DST"),
          flag("", "json", options.json, "report as one JSON object"),
          flag("v", "verbose", options.verbose, "name each file"),
          flag("", "stats", options.statistics, "report how fast it was, and what it took"),
          flag("", "progress", options.progress,
               "show progress, also with -v; where stderr is no terminal a line each second"),
          flag("", "quiet", options.quiet, "no progress on a terminal"),
          thread_count(options.threads),
          number_option<std::size_t>("buffers", options.buffers, {1, buffers_max},
                                     "files in flight, and large buffers"),
          buffer_size(options.buffer_bytes)};
}

command command_of(copy_options& options) {
  command cp{
      "cp",
      "SRC... DST",
      "Copies SRC to DST, or each SRC into the directory DST. No operand is looked into: a name\n"
      "is what it is, in brackets or not; names that begin with - stand behind --.",
      {}};
  for (auto part : {&source_options, &target_options, &content_options, &report_options})
    std::ranges::move(part(options), std::back_inserter(cp.options));
  std::ranges::move(unsupported_options(), std::back_inserter(cp.options));
  cp.notes = notes;
  return cp;
}

/// Tells the sources from the destination. `sources`, where they are known already, are all.
taken settle(copy_options& options, std::vector<std::string> operands,
             const std::vector<std::string>* sources) {
  if (auto agree = conflict_of(options); !agree) return agree;
  if (operands.empty() && !options.list)
    return std::unexpected("SRC is missing: name what to copy");
  if (operands.empty() && !options.into)
    return std::unexpected("DST is missing: name a directory to copy into");
  if (!options.into && operands.size() == 1 && !options.list)
    return std::unexpected(
        fmt::format("DST is missing: name a destination after {}", shell_quoted(operands.front())));
  if (options.into) {
    options.destination = *options.into;
  } else {
    options.destination = std::move(operands.back());
    operands.pop_back();
  }
  options.sources = std::move(operands);
  if (!options.list) return {};
  options.into = options.destination;
  if (sources != nullptr) {
    options.sources = *sources;
    return {};
  }
  auto listed = read_operand_list(*options.list, options.list_has_nuls ? '\0' : '\n');
  if (!listed) return std::unexpected(std::move(listed.error()));
  std::ranges::move(*listed, std::back_inserter(options.sources));
  return {};
}

}  // namespace

std::expected<copy_options, int> take_copy_options(int argc, char** argv,
                                                   const std::vector<std::string>* sources) {
  copy_options options;
  options.backups.suffix = suffix_of_environment();
  const command cp = command_of(options);
  auto operands = take(cp, argc, argv);
  if (!operands) return std::unexpected(operands.error());
  if (auto done = settle(options, std::move(*operands), sources); !done)
    return std::unexpected(refuse_usage(cp.name, done.error()));
  return options;
}

}  // namespace carousel::tool
