#include "job_options.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/naming.hpp"
#include "common/numbers.hpp"
#include "common/output.hpp"
#include "copy/copy_arguments.hpp"
#include "copy/place.hpp"

namespace carousel_mpi {
namespace {

constexpr int usage_error = 2;
constexpr std::uint64_t part_bytes_min = std::uint64_t{1} << 20U;
constexpr std::string_view part_size = "--part-size";

constexpr const char* help =
    "usage: mpirun -n N carousel-mpi cp [OPTION]... SRC... DST\n"
    "Copies as `carousel cp` does, with N processes on one or many machines, which all see SRC "
    "and\n"
    "DST by the same paths.\n\n"
    "  --part-size=BYTES  of a large file, copied by one process at a time [64M]\n\n"
    "Not here: -i, -b, --delete, --parents, --manifest, --compare, and several directories SRC\n"
    "with one name. All else is said by `carousel cp --help`.\n\n"
    "Exit status, of each process: 0; 1 when something was not copied, and the rest was; 2 for a\n"
    "wrong command line, or when nothing could be started.\n";

int refuse(std::string_view sentence) {
  tool::complain(sentence);
  tool::complain("`carousel-mpi --help` says what there is");
  return usage_error;
}

/// What the processes cannot do each for itself. Empty: nothing of it was asked for.
std::string_view what_is_for_one(const tool::copy_options& options) {
  if (options.interactive) return "-i";
  if (options.has_backups()) return "-b";
  if (options.remove_extras) return "--delete";
  if (options.parents) return "--parents";
  if (options.manifest_file) return "--manifest";
  if (options.compare) return "--compare";
  return {};
}

/// Nothing: it is none.
std::optional<tool::identity> directory_at(const tool::copy_options& options,
                                           const std::string& source) noexcept {
  struct stat about{};
  const int follow = options.follows_named_links() ? 0 : AT_SYMLINK_NOFOLLOW;
  if (::fstatat(AT_FDCWD, source.c_str(), &about, follow) != 0 || !S_ISDIR(about.st_mode))
    return std::nullopt;
  return tool::identity_of(about);
}

/// Directories whose copies would merge, which one process copies one after the other. One that is
/// named again is copied once.
const std::string* source_that_meets_another(const tool::copy_options& options) {
  std::map<std::string, const std::string*, std::less<>> names;
  for (const std::string& source : options.sources) {
    std::string name(tool::without_slashes(tool::split(source).name));
    if (tool::names_no_child(name) && options.sources.size() > 1) return &source;
    const auto [first, is_new] = names.try_emplace(std::move(name), &source);
    if (is_new) continue;
    const auto before = directory_at(options, *first->second);
    const auto again = directory_at(options, source);
    if (before && again && *before != *again) return &source;
  }
  return nullptr;
}

}  // namespace

std::expected<job_options, int> take_job_options(int argc, char** argv,
                                                 const std::vector<std::string>* sources) {
  if (argc < 2 || std::string_view(argv[1]) == "--help" || std::string_view(argv[1]) == "-h") {
    if (argc < 2) return std::unexpected(refuse("COMMAND is missing: say `carousel-mpi cp`"));
    tool::say(help);
    return std::unexpected(0);
  }
  if (std::string_view(argv[1]) == "--version") {
    tool::say(fmt::format("carousel-mpi {}.{}.{}\n", CAROUSEL_VERSION_MAJOR, CAROUSEL_VERSION_MINOR,
                          CAROUSEL_VERSION_PATCH));
    return std::unexpected(0);
  }
  if (std::string_view(argv[1]) != "cp")
    return std::unexpected(
        refuse(fmt::format("there is no command {}", tool::shell_quoted(argv[1]))));
  job_options job;
  std::vector<char*> rest;
  bool ended = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    ended = ended || word == "--";
    if (ended || !word.starts_with(part_size) || word.substr(part_size.size(), 1) != "=") {
      rest.push_back(argv[i]);
      continue;
    }
    const auto bytes = tool::byte_count(word.substr(part_size.size() + 1), part_size);
    if (!bytes) return std::unexpected(refuse(bytes.error()));
    if (*bytes < part_bytes_min || *bytes % part_bytes_min != 0)
      return std::unexpected(refuse(fmt::format("{}: {} is no multiple of 1M", part_size,
                                                tool::shell_quoted(word.substr(12)))));
    job.part_bytes = *bytes;
  }
  rest.push_back(nullptr);
  auto taken = tool::take_copy_options(static_cast<int>(rest.size()) - 1, rest.data(), sources);
  if (!taken) return std::unexpected(taken.error());
  job.copy = std::move(*taken);
  if (const auto word = what_is_for_one(job.copy); !word.empty())
    return std::unexpected(
        refuse(fmt::format("{} is for one process alone: `carousel cp` does that", word)));
  if (sources != nullptr) return job;
  if (const std::string* const source = source_that_meets_another(job.copy); source != nullptr)
    return std::unexpected(refuse(fmt::format(
        "{}: its copy meets that of another SRC, which processes at the same time would make in "
        "any order; copy it by itself",
        tool::shell_quoted(*source))));
  return job;
}

}  // namespace carousel_mpi
