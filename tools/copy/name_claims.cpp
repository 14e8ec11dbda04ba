#include "copy/name_claims.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <system_error>
#include <unordered_set>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/descriptors.hpp"
#include "copy/listing.hpp"

namespace carousel::tool {
namespace {

constexpr unsigned long xfs_magic = 0x58465342;
constexpr unsigned casefold_flag = 0x40000000;  // FS_CASEFOLD_FL, which older headers lack

unsigned long type_of(int fd) noexcept {
  struct statfs about{};
  return ::fstatfs(fd, &about) == 0 ? static_cast<unsigned long>(about.f_type) : 0;
}

/// Made with `mkfs.xfs -n version=ci`. The head of XFS_IOC_FSGEOMETRY_V1, whose header comes with
/// xfslibs only.
bool is_xfs_without_case(int fd) noexcept {
  struct geometry {
    std::array<std::uint32_t, 23> before;
    std::uint32_t flags;
    std::array<std::uint32_t, 4> after;
  } about{};
  constexpr unsigned without_case = 1U << 13U;
  return ::ioctl(fd, _IOR('X', 100, geometry), &about) != 0 || (about.flags & without_case) != 0;
}

/// Equal for names that differ in case or in letters beyond ASCII.
std::string roughly(std::string_view name) {
  std::string rough;
  for (const char c : name) {
    if (static_cast<unsigned char>(c) >= 0x80) continue;
    rough += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return rough;
}

/// Of one thing under all its names, and different for others as far as that can be. On FUSE inodes
/// are numbered by name, so there it is what the thing looks like, and its name in rough.
std::uint64_t key_of(std::string_view name, const struct stat& about, bool on_fuse) {
  if (!on_fuse) return hash_identity()(identity_of(about));
  std::string look = roughly(name);
  for (const auto number :
       {static_cast<std::uint64_t>(about.st_mode & S_IFMT),
        static_cast<std::uint64_t>(about.st_size), static_cast<std::uint64_t>(about.st_mtim.tv_sec),
        static_cast<std::uint64_t>(about.st_mtim.tv_nsec)}) {
    look += '/';
    look += std::to_string(number);
  }
  return std::hash<std::string>()(look);
}

/// FUSE remembers attributes by name, and of another name it may remember what was true before.
bool look_at(int directory, const char* name, bool on_fuse, struct stat& about) noexcept {
  if (on_fuse) {
    struct statx asked{};
    constexpr int flags = AT_SYMLINK_NOFOLLOW | AT_STATX_FORCE_SYNC;
    if (::statx(directory, name, flags, STATX_BASIC_STATS, &asked) != 0) return false;
  }
  return ::fstatat(directory, name, &about, AT_SYMLINK_NOFOLLOW) == 0;
}

/// Calls `seen` with each name that the directory lists, until it returns true. Error: what opening
/// it says.
template <class Seen>
result<> list_names(int directory, Seen seen) {
  const listing stream = listing_of(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!stream) return std::unexpected(last_error());
  while (const dirent* entry = ::readdir(stream.get()))
    if (seen(std::string_view(static_cast<const char*>(entry->d_name)))) break;
  return {};
}

struct keyed {
  std::uint64_t key;
  std::size_t index;
  friend auto operator<=>(const keyed&, const keyed&) = default;
};

/// Sorts them and leaves out those whose key nobody else has.
void leave_singles_out(std::vector<keyed>& found) {
  std::ranges::sort(found);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const bool with_last = kept != 0 && found[kept - 1].key == found[i].key;
    const bool with_next = i + 1 < found.size() && found[i + 1].key == found[i].key;
    if (with_last || with_next) found[kept++] = found[i];
  }
  found.resize(kept);
}

}  // namespace

bool may_fold_names(int directory) noexcept {
  constexpr std::array<unsigned long, 7> known = {
      EXT4_SUPER_MAGIC, xfs_magic,        BTRFS_SUPER_MAGIC,    TMPFS_MAGIC,
      RAMFS_MAGIC,      F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC};
  const unsigned long type = type_of(directory);
  if (std::ranges::find(known, type) == known.end()) return true;
  unsigned flags = 0;
  const bool folds =
      ::ioctl(directory, FS_IOC_GETFLAGS, &flags) == 0 && (flags & casefold_flag) != 0;
  return folds || (type == xfs_magic && is_xfs_without_case(directory));
}

result<name_claims> name_claims::ask(int directory, std::size_t count,
                                     const std::function<const char*(std::size_t)>& name) {
  name_claims claims;
  claims.free_.resize(count);
  const bool on_fuse = type_of(directory) == FUSE_SUPER_MAGIC;
  std::vector<keyed> found;
  std::vector<keyed> free;
  for (std::size_t i = 0; i < count; ++i) {
    struct stat about{};
    if (look_at(directory, name(i), on_fuse, about)) {
      found.push_back({key_of(name(i), about, on_fuse), i});
    } else if (errno == ENOENT) {
      claims.free_[i] = true;
      free.push_back({std::hash<std::string>()(roughly(name(i))), i});
    }
  }
  leave_singles_out(free);
  for (std::size_t i = 1; i < free.size(); ++i)
    if (free[i].key == free[i - 1].key) claims.late_.insert(free[i].index);
  leave_singles_out(found);
  if (found.empty()) return claims;
  std::unordered_set<std::string_view> doubtful;
  for (const keyed& t : found) doubtful.insert(name(t.index));
  std::unordered_set<std::string_view> listed;
  const auto all = list_names(directory, [&](std::string_view spelt) {
    if (const auto at = doubtful.find(spelt); at != doubtful.end()) listed.insert(*at);
    return false;
  });
  // One that may not be listed lists nothing.
  if (!all && out_of_descriptors(all.error())) return std::unexpected(all.error());
  const auto is_listed = [&](const keyed& t) { return listed.contains(name(t.index)); };
  for (auto group = found.begin(); group != found.end();) {
    const auto end =
        std::find_if(group, found.end(), [&](const keyed& t) { return t.key != group->key; });
    // Those that are listed are several names of one file.
    const bool several = std::count_if(group, end, is_listed) > 1;
    const auto leader = several ? std::find_if(group, end, is_listed) : group;
    for (auto t = group; t != end; ++t) {
      const bool own = t == leader || (several && is_listed(*t));
      if (!own) claims.rivals_.emplace(t->index, name(leader->index));
    }
    group = end;
  }
  return claims;
}

claim name_claims::of(std::size_t index) const {
  const auto rival = rivals_.find(index);
  return {!free_.empty() && free_[index], late_.contains(index),
          rival == rivals_.end() ? std::string() : rival->second};
}

identity identity_in(int directory, const char* name, const struct stat& about) {
  struct stat here{};
  struct stat fresh{};
  if (type_of(directory) != FUSE_SUPER_MAGIC || ::fstat(directory, &here) != 0 ||
      !look_at(directory, name, true, fresh))
    return identity_of(about);
  return {fresh.st_dev, key_of(name, fresh, true) * 31 + here.st_ino};
}

std::string one_name_text(std::string_view target) {
  return "would have the name of " + shell_quoted(target) +
         ", which is copied too: the target does not tell these names apart";
}

std::string spelling_of(int directory, const std::string& name) {
  const bool on_fuse = type_of(directory) == FUSE_SUPER_MAGIC;
  const auto key = [&](const char* called) {
    struct stat about{};
    return look_at(directory, called, on_fuse, about) ? key_of(called, about, on_fuse) : 0;
  };
  const std::uint64_t wanted = key(name.c_str());
  std::string spelt = name;
  (void)list_names(directory, [&](std::string_view listed) {
    if (key(std::string(listed).c_str()) != wanted) return false;
    spelt = listed;
    return listed == name;
  });
  return spelt;
}

}  // namespace carousel::tool
