#include "job_mark.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <ranges>
#include <string_view>
#include <utility>

#include "absolute_path.hpp"
#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/descriptors.hpp"
#include "copy/listing.hpp"
#include "launch.hpp"

namespace carousel_mpi {
namespace {

constexpr std::string_view mark_prefix = ".carousel-mpi-";
constexpr std::string_view temporary_infix = ".carousel-";
constexpr std::size_t digits = 8;
/// A job touches its mark many times as often.
constexpr time_t seconds_to_be_dead = 300;
/// More sources than that are not looked at by each rank.
constexpr std::size_t sources_seen_max = 256;
/// Longer keys are told by their hash.
constexpr std::size_t key_bytes_max = 4096;
/// What was just made may not be seen at once, with NFS.
constexpr int looks_max = 50;
constexpr timespec look_again_after{0, 100'000'000};

/// The directory that gets the copies, and their name there; empty: that of each source.
tool::split_name find_target(const tool::copy_options& options) {
  struct stat about{};
  const bool is_directory = !options.as_file && ::stat(options.destination.c_str(), &about) == 0 &&
                            S_ISDIR(about.st_mode);
  if (is_directory) return {absolute_path(options.destination), {}};
  const tool::split_name parts = tool::split(options.destination);
  return {absolute_path(parts.directory), std::string(tool::without_slashes(parts.name))};
}

/// Equal for two runs that make the same files.
std::string key_of(const tool::copy_options& options, const tool::split_name& target) {
  std::string key;
  for (const std::string& source : options.sources) {
    const tool::split_name parts = tool::split(source);
    const std::string_view own = tool::without_slashes(parts.name);
    key += fmt::format("{}/{}\t{}\t", absolute_path(parts.directory), own,
                       target.name.empty() ? own : target.name);
  }
  if (key.size() > key_bytes_max)
    key = fmt::format("{} sources, {} bytes, {:016x}", options.sources.size(), key.size(),
                      std::hash<std::string>()(key));
  std::ranges::replace(key, '\n', ' ');
  return key;
}

std::string name_of(std::uint32_t number) { return fmt::format("{}{:08x}", mark_prefix, number); }

/// Where the number of a process means the same process: names of hosts are those of many machines
/// and containers. Empty: nobody knows.
std::string process_space() {
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::string id;
  struct stat numbers{};
  if (!std::getline(boot, id) || ::stat("/proc/self/ns/pid", &numbers) != 0) return {};
  return fmt::format("{} {}", id, numbers.st_ino);
}

/// One that nobody has waited for keeps its number.
bool has_ended(pid_t process) {
  if (::kill(process, 0) != 0) return errno == ESRCH;
  std::ifstream about(fmt::format("/proc/{}/stat", process));
  std::string line;
  std::getline(about, line);
  const std::size_t name_end = line.rfind(')');
  return name_end != std::string::npos && line.substr(name_end + 1, 2) == " Z";
}

std::optional<std::uint32_t> number_of(std::string_view text) noexcept {
  std::uint32_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  if (text.size() != digits || read.ec != std::errc() || read.ptr != text.data() + text.size())
    return std::nullopt;
  return number;
}

template <class Seen>
carousel::result<> for_each_name(int directory, Seen seen) {
  const tool::listing names =
      tool::listing_of(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!names) return std::unexpected(tool::last_error());
  while (const dirent* const entry = ::readdir(names.get()))
    seen(std::string(static_cast<const char*>(entry->d_name)));
  return {};
}

}  // namespace

std::string job_mark::path() const { return directory_ + "/" + name_; }

job_mark job_mark::make(const tool::copy_options& options) {
  job_mark made;
  made.number_ = std::random_device()();
  made.name_ = name_of(made.number_);
  const tool::split_name target = find_target(options);
  made.directory_ = target.directory;
  for (const std::string& source : options.sources | std::views::take(sources_seen_max)) {
    struct stat about{};
    if (::lstat(source.c_str(), &about) == 0) made.sources_.push_back({absolute_path(source), 0});
    if (!made.sources_.empty() && ::lstat(made.sources_.back().path.c_str(), &about) == 0)
      made.sources_.back().inode = about.st_ino;
  }
  if (options.dry_run) {
    made.directory_.clear();
    return made;
  }
  const std::string key = key_of(options, target);
  const int fd =
      ::open(made.path().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  const std::string text =
      fmt::format("{}\n{}\n{}\n{}\n", host_name(), process_space(), ::getpid(), key);
  struct stat own{};
  made.own_ = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) {
    (void)::fstat(fd, &own);
    ::close(fd);
  }
  if (made.own_)
    made.find_dead(key, own);
  else
    made.directory_.clear();
  if (fd >= 0 && !made.own_) (void)::unlink((target.directory + "/" + made.name_).c_str());
  return made;
}

void job_mark::find_dead(const std::string& key, const struct stat& own) {
  const int fd = ::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  (void)for_each_name(fd, [&](const std::string& name) {
    if (!name.starts_with(mark_prefix)) return;
    const auto number = number_of(std::string_view(name).substr(mark_prefix.size()));
    struct stat about{};
    if (!number || *number == number_ ||
        ::fstatat(fd, name.c_str(), &about, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(about.st_mode) ||
        about.st_uid != ::geteuid())
      return;
    std::ifstream text(directory_ + "/" + name);
    std::string host;  // for whoever reads it
    std::string space;
    std::string process;
    std::string its_key;
    std::getline(text, host);
    std::getline(text, space);
    std::getline(text, process);
    std::getline(text, its_key);
    if (its_key != key) return;
    const int pid = std::atoi(process.c_str());
    const bool is_here = !space.empty() && space == process_space();
    if ((is_here && pid > 0 && has_ended(pid)) ||
        own.st_mtim.tv_sec - about.st_mtim.tv_sec > seconds_to_be_dead)
      dead_.push_back(*number);
  });
  if (fd < 0) return;
  (void)clean(fd);
  ::close(fd);
}

message job_mark::shared() const {
  message_writer all;
  all.put(directory_).put(number_).put(static_cast<std::uint64_t>(dead_.size()));
  for (const std::uint32_t number : dead_) all.put(number);
  for (const seen_source& one : sources_) all.put(one.path).put(one.inode);
  return all.take();
}

void job_mark::take(const message& what) {
  message_reader all(what);
  directory_ = all.take<std::string>();
  number_ = all.take<std::uint32_t>();
  name_ = name_of(number_);
  dead_.clear();
  for (auto left = all.take<std::uint64_t>(); left != 0; --left)
    dead_.push_back(all.take<std::uint32_t>());
  sources_.clear();
  while (!all.empty()) {
    auto path = all.take<std::string>();
    sources_.push_back({std::move(path), all.take<std::uint64_t>()});
  }
  tool::mark_temporary_names(number_);
}

std::optional<std::string> job_mark::what_is_not_seen() const {
  struct stat about{};
  for (const seen_source& one : sources_)
    if (::lstat(one.path.c_str(), &about) != 0 || about.st_ino != one.inode)
      return fmt::format(
          "{} is not here what it is for rank 0: all ranks need the same files at "
          "the same paths",
          tool::shell_quoted(one.path));
  if (directory_.empty()) return std::nullopt;
  for (int look = 0; look < looks_max; ++look) {
    if (::lstat(path().c_str(), &about) == 0) return std::nullopt;
    ::nanosleep(&look_again_after, nullptr);
  }
  return fmt::format(
      "what rank 0 has made in {} is not there: all ranks need the same file system "
      "at the target",
      tool::shell_quoted(directory_));
}

/// Of one that may not be read nothing is known.
carousel::result<> job_mark::clean(int directory) const {
  if (dead_.empty()) return {};
  const auto read = for_each_name(directory, [&](const std::string& name) {
    const std::size_t at = name.rfind(temporary_infix);
    if (!name.starts_with('.') || at == std::string::npos) return;
    const auto tail = std::string_view(name).substr(at + temporary_infix.size());
    if (tail.size() != 2 * digits || !number_of(tail.substr(digits))) return;
    const auto number = number_of(tail.substr(0, digits));
    if (number && std::ranges::find(dead_, *number) != dead_.end())
      (void)::unlinkat(directory, name.c_str(), 0);
  });
  if (!read && tool::out_of_descriptors(read.error())) return read;
  return {};
}

void job_mark::touch() const {
  if (own_) (void)::utimensat(AT_FDCWD, path().c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
}

void job_mark::remove() {
  if (std::exchange(own_, false)) (void)::unlink(path().c_str());
}

void job_mark::remove_dead() {
  if (!own_) return;
  for (const std::uint32_t number : std::exchange(dead_, {}))
    (void)::unlink((directory_ + "/" + name_of(number)).c_str());
}

}  // namespace carousel_mpi
