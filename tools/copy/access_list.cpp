#include "copy/access_list.hpp"

#include <endian.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <sys/xattr.h>

#include <cerrno>
#include <cstring>

#include "copy/extended_attributes.hpp"

namespace carousel::tool {
namespace {

constexpr const char* access_acl = "system.posix_acl_access";
constexpr const char* default_acl = "system.posix_acl_default";
constexpr unsigned of_group = 070;
constexpr unsigned of_others = 007;

bool has_none(int error) noexcept {
  return error == ENODATA || error == ENOTSUP || error == ENOSYS;
}

/// Of one list. What was read of it is in `list`, which is empty when there is none.
bool copy_list(int from, int to, const char* which, inherited_acl inherits,
               std::span<const char>& list, attribute_losses& lost) {
  const xattr_end source(from);
  const xattr_end target(to);
  const std::span<char> room = xattr_value_room();
  const ssize_t bytes = source.get(which, room);
  bool done = true;
  if (bytes > 0) {
    list = room.first(static_cast<std::size_t>(bytes));
    if (target.set(which, list) == 0) return true;
    lost.push_back({attribute::access_list, errno});
    done = false;
  } else if (bytes < 0 && !has_none(errno)) {
    lost.push_back({attribute::access_list_read, errno});
    done = false;
  }
  if (inherits == inherited_acl::no || target.remove(which) == 0 || has_none(errno)) return done;
  const int why = errno;
  // What is denied may be to take away nothing.
  if (target.get(which, {}) < 0 && has_none(errno)) return done;
  if (done) lost.push_back({attribute::access_list_removal, why});
  return false;
}

}  // namespace

unsigned copy_access_lists(int from, int to, bool directory, inherited_acl inherits, unsigned mode,
                           attribute_losses& lost) {
  std::span<const char> list;
  // The bits of the group are the mask of the list. A mask of nothing stops all entries that could
  // not be taken away.
  if (!copy_list(from, to, access_acl, inherits, list, lost)) mode = mode_without_list(mode, list);
  std::span<const char> of_children;
  if (directory) (void)copy_list(from, to, default_acl, inherits, of_children, lost);
  return mode;
}

unsigned mode_without_list(unsigned mode, std::span<const char> list) noexcept {
  const unsigned closed = mode & ~(of_group | of_others);
  if (list.size() <= sizeof(posix_acl_xattr_header)) return closed;
  list = list.subspan(sizeof(posix_acl_xattr_header));
  unsigned group = 0;
  unsigned others = 0;
  unsigned mask = 7;
  bool names_somebody = false;
  unsigned users = 7;
  unsigned groups = 7;
  for (; list.size() >= sizeof(posix_acl_xattr_entry);
       list = list.subspan(sizeof(posix_acl_xattr_entry))) {
    posix_acl_xattr_entry entry;
    std::memcpy(&entry, list.data(), sizeof entry);
    const unsigned may = le16toh(entry.e_perm);
    switch (le16toh(entry.e_tag)) {
      case ACL_USER:
        names_somebody = true;
        users &= may;
        break;
      case ACL_GROUP_OBJ: group = may; break;
      case ACL_GROUP:
        names_somebody = true;
        groups &= may;
        break;
      case ACL_MASK: mask = may; break;
      case ACL_OTHER: others = may; break;
      default: break;
    }
  }
  // Users whom the list names are among the group now, or among the others, where members of the
  // groups that it names are.
  if (names_somebody) others &= mask & users & groups;
  return closed | (group & mask & users) << 3U | others;
}

inherited_acl acl_given_by(int directory) noexcept {
  // Without /proc a directory that one may not read does not tell.
  return inherited_acl(xattr_end(directory).get(default_acl, {}) > 0 || errno == ENOENT);
}

}  // namespace carousel::tool
