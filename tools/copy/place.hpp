#pragma once

#include <sys/stat.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "carousel/fs/directory.hpp"
#include "carousel/fs/name_options.hpp"
#include "carousel/result.hpp"
#include "copy/access_list.hpp"

namespace carousel::tool {

class file_report;

/// What makes two names the same file.
struct identity {
  dev_t device = 0;
  ino_t inode = 0;
  friend auto operator<=>(const identity&, const identity&) = default;
};
[[nodiscard]] inline identity identity_of(const struct stat& about) noexcept {
  return {about.st_dev, about.st_ino};
}
struct hash_identity {
  std::size_t operator()(const identity& id) const noexcept {
    return std::hash<std::uint64_t>()(id.inode * 31 + id.device);
  }
};
using identities = std::unordered_set<identity, hash_identity>;

/// A directory of the source and the one that it becomes. Neither has a path: a tree may be deeper
/// than any path is long, and a name that is looked up again may be somebody else's by then.
/// Descriptors may be closed meanwhile and opened again from a neighbour in the tree, which must
/// find the same directories.
struct place {
  /// Null at the top, whose directories hold the first source and its copy.
  std::shared_ptr<place> parent;
  std::string source_name;  ///< in the parent; at the top, what begins a path in messages
  std::string target_name;
  directory source;  ///< empty when closed
  directory target;
  identity source_id;
  identity target_id;
  struct stat about{};   ///< of the source
  bool fresh = false;    ///< the target was made by this copy: nothing can be in the way there
  bool planned = false;  ///< it would be: this is a dry run, and there is none to be opened
  unsigned lent = 0;     ///< bits of its mode that the target has only until it is finished
  bool follows = false;  ///< the source may be opened through a symbolic link
  inherited_acl inherits_acl = inherited_acl::no;  ///< of what is made in the target
  std::size_t pending = 1;                   ///< entries that are not finished, and the walk itself
  std::shared_ptr<file_report> ending = {};  ///< what is to be said of its end

  place(const place&) = delete;
  place& operator=(const place&) = delete;
  /// Without recursion: the last one of a deep tree may take all above it along.
  ~place() {
    while (parent && parent.use_count() == 1) parent = std::exchange(parent->parent, nullptr);
  }
  place(std::shared_ptr<place> above, directory from, directory to) noexcept
      : parent(std::move(above)), source(std::move(from)), target(std::move(to)) {}
};

/// For messages: the path of a name in the place, in the words of the command line.
[[nodiscard]] std::string source_path(const place& where, std::string_view name);
[[nodiscard]] std::string target_path(const place& where, std::string_view name);

/// What the directory has listed as `listed`, or what that leads to: its type as in st_mode. 0:
/// nobody knows.
[[nodiscard]] unsigned entry_type(int directory_fd, const char* name,
                                  std::filesystem::file_type listed, follow_links follow) noexcept;

/// The path of a name at the target, below the destination of the command line; whatever is a "."
/// on the way is left out.
[[nodiscard]] std::string path_below_destination(const place& where, std::string_view name);

/// Whether the place is below the top of a tree that is copied.
[[nodiscard]] inline bool is_in_tree(const place& where) noexcept {
  return where.parent && where.parent->parent;
}
/// The path of a name at the source, from the top of the tree, whose own name is no part of it.
[[nodiscard]] std::string path_in_tree(const place& where, std::string_view name);

/// The two sides of a place.
enum class side : bool { source, target };

[[nodiscard]] const directory& empty_directory() noexcept;

/// Opens one side again: through ".." of `below`, one of its children, when that is not empty, or
/// else by the names that lead to it from the nearest place above that is open. Error:
/// no_such_file_or_directory when what is found there is another one.
[[nodiscard]] result<> reopen(place& where, side which, const directory& below = empty_directory());

/// Whether the directory is `other` or somewhere below it, as far as one can go up. Error: there is
/// no descriptor to find out.
[[nodiscard]] result<bool> is_inside(int directory_fd, const identity& other) noexcept;

}  // namespace carousel::tool
