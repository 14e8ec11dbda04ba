#include "places.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <memory>
#include <ranges>
#include <system_error>
#include <utility>

#include "absolute_path.hpp"
#include "common/last_error.hpp"
#include "copy/access_list.hpp"
#include "copy/descriptors.hpp"
#include "copy/path_only.hpp"
#include "copy/walk.hpp"

namespace carousel_mpi {
namespace {

using carousel::directory;
using carousel::result;
using tool::place;

result<directory> open_path(const std::string& path) noexcept {
  constexpr int flags = O_DIRECTORY | O_CLOEXEC;
  int fd = ::open(path.c_str(), O_RDONLY | flags);
  if (fd < 0 && errno == EACCES) fd = ::open(path.c_str(), O_PATH | flags);
  if (fd < 0) return std::unexpected(tool::last_error());
  return directory::from_fd(fd);
}

/// One that may not be read can still be gone through.
result<directory> open_child(const directory& in, const std::string& name, int nofollow) noexcept {
  const int flags = O_DIRECTORY | O_CLOEXEC | nofollow;
  int fd = ::openat(in.fd(), name.c_str(), O_RDONLY | flags);
  if (fd < 0 && errno == EACCES) fd = ::openat(in.fd(), name.c_str(), O_PATH | flags);
  if (fd < 0) return std::unexpected(tool::last_error());
  return directory::from_fd(fd);
}

/// A directory that is open need not be there any more.
result<> answers(const tool::handles& open) noexcept {
  struct stat about{};
  if (::fstat(open.source.fd(), &about) != 0 || ::fstat(open.target.fd(), &about) != 0)
    return std::unexpected(tool::last_error());
  return {};
}

tool::identity identity_of(const directory& opened) noexcept {
  struct stat about{};
  return ::fstat(opened.fd(), &about) == 0 ? tool::identity_of(about) : tool::identity();
}

}  // namespace

/// A job has one, whatever it is copied from.
result<const places::known_target*> places::target_of(const operand& names) {
  const auto known = targets_.find(names.target_directory);
  if (known != targets_.end()) return &known->second;
  auto opened = open_path(names.target_directory);
  if (!opened) return std::unexpected(opened.error());
  return &keep_target(names.target_directory, *opened);
}

const places::known_target& places::keep_target(const std::string& path, const directory& open) {
  const auto inherits = preserve_ ? tool::acl_given_by(open.fd()) : tool::inherited_acl::no;
  return targets_.try_emplace(path, known_target{open, identity_of(open), inherits}).first->second;
}

/// Of many sources few are open, those of what is being copied and the last one.
result<std::shared_ptr<place>> places::top_of(const operand& names) {
  std::weak_ptr<place>& known = tops_[{names.source_prefix, names.target_prefix}];
  if (auto top = known.lock()) return top;
  last_top_.reset();
  const auto to = target_of(names);
  if (!to) return std::unexpected(to.error());
  auto from = open_path(names.source_directory);
  if (!from) return std::unexpected(from.error());
  last_top_ = std::make_shared<place>(nullptr, std::move(*from), (*to)->open);
  last_top_->source_name = names.source_prefix;
  last_top_->target_name = names.target_prefix;
  last_top_->source_id = identity_of(last_top_->source);
  last_top_->target_id = (*to)->id;
  last_top_->inherits_acl = (*to)->inherits;
  known = last_top_;
  return last_top_;
}

void places::keep(operand names) {
  indices_[{names.source_prefix, names.target_prefix, names.source_name}] =
      static_cast<std::uint32_t>(operands_.size());
  operands_.push_back({std::move(names), {}});
}

std::uint32_t places::add_own(const place& top, operand one) {
  const auto index = static_cast<std::uint32_t>(operands_.size());
  one.source_prefix = top.source_name;
  one.target_prefix = top.target_name;
  one.source_directory = absolute_path(top.source_name);
  one.target_directory = absolute_path(top.target_name);
  (void)keep_target(one.target_directory, top.target);
  keep(std::move(one));
  met(operands_.back().names);
  return index;
}

std::uint32_t places::index_of(const place& top, const place* named) {
  operand one;
  if (named != nullptr) {
    one.source_name = named->source_name;
    one.target_name = named->target_name;
    one.follow = named->follows;
  }
  const auto known = indices_.find({top.source_name, top.target_name, one.source_name});
  return known != indices_.end() ? known->second : add_own(top, std::move(one));
}

spot places::name_directory(const place& top, const std::string& source_name,
                            const std::string& target_name, bool follow) {
  return {.operand = add_own(
              top, {.source_name = source_name, .target_name = target_name, .follow = follow})};
}

void places::add(operand one) { keep(std::move(one)); }

spot places::spot_of(const std::shared_ptr<place>& where) {
  std::vector<const std::string*> names;
  std::shared_ptr<place> at = where;
  const place* named = nullptr;
  for (; at->parent; at = at->parent) {
    named = at.get();
    names.push_back(&at->source_name);
  }
  spot found;
  found.operand = index_of(*at, named);
  if (names.empty()) return found;
  names.pop_back();  // the directory that the operand names, which it calls "/"
  found.path = "/";
  for (const std::string* name : names | std::views::reverse)
    found.path.append(found.path.size() == 1 ? "" : "/").append(*name);
  return found;
}

result<bool> places::is_copy(const place& where, bool by_link) {
  for (known_operand& one : operands_) {
    if (one.names.source_name.empty()) continue;
    if (!one.copy) {
      const auto to = target_of(one.names);
      if (!to && tool::out_of_descriptors(to.error())) return std::unexpected(to.error());
      struct stat about{};
      if (to && ::fstatat((*to)->open.fd(), one.names.target_name.c_str(), &about,
                          AT_SYMLINK_NOFOLLOW) == 0)
        one.copy = tool::identity_of(about);
    }
    if (!one.copy) continue;  // nothing leads there yet
    if (where.source_id == *one.copy) return true;
    if (!by_link) continue;
    const auto inside = tool::is_inside(where.source.fd(), *one.copy);
    if (!inside || *inside) return inside;
  }
  return false;
}

spot places::child_of(spot where, const std::string& name) {
  if (where.path.empty())
    where.path = "/";
  else
    where.path.append(where.path.size() == 1 ? "" : "/").append(name);
  return where;
}

result<std::shared_ptr<place>> places::below(const std::shared_ptr<place>& parent,
                                             const tool::handles& parent_open,
                                             std::string source_name, std::string target_name,
                                             bool follow, tool::handles& open) {
  auto from = open_child(parent_open.source, source_name, follow ? 0 : O_NOFOLLOW);
  if (!from) return std::unexpected(from.error());
  auto to = open_child(parent_open.target, target_name, O_NOFOLLOW);
  if (!to) return std::unexpected(to.error());
  auto made = std::make_shared<place>(parent, directory(), directory());
  made->source_name = std::move(source_name);
  made->target_name = std::move(target_name);
  made->follows = follow;
  made->source_id = identity_of(*from);
  made->target_id = identity_of(*to);
  if (preserve_) made->inherits_acl = tool::acl_given_by(to->fd());
  open = {std::move(*from), std::move(*to)};
  return made;
}

result<std::shared_ptr<place>> places::at(const spot& where, tool::handles& open) {
  if (last_ && last_where_ == where) {
    open = {};
    if (tool::open_handles(*last_, open)) return last_;
    open = {};
  }
  last_.reset();
  const operand& names = of(where);
  const auto top = top_of(names);
  if (!top) return top;
  tool::handles here{(*top)->source, (*top)->target};
  if (where.path.empty()) {
    if (const auto there = answers(here); !there) return std::unexpected(there.error());
    open = std::move(here);
    return top;
  }
  tool::handles next;
  auto found = below(*top, here, names.source_name, names.target_name, names.follow, next);
  std::string_view rest = std::string_view(where.path).substr(1);
  while (found && !rest.empty()) {
    const std::string name(rest.substr(0, rest.find('/')));
    rest.remove_prefix(std::min(rest.size(), name.size() + 1));
    here = std::exchange(next, {});
    found = below(*found, here, name, name, follows_, next);
  }
  if (!found) return found;
  open = std::move(next);
  last_where_ = where;
  last_ = *found;
  return found;
}

namespace {

std::string joined(std::string path, std::string_view name) {
  if (!path.empty() && !path.ends_with('/')) path += '/';
  return path.append(name);
}

std::string path_of(const std::string& prefix, const std::string& named, const std::string& path,
                    const std::string& name) {
  if (path.empty()) return joined(prefix, name);
  return joined(joined(joined(prefix, named), std::string_view(path).substr(1)), name);
}

}  // namespace

std::string places::source_path(const spot& where, const std::string& name) const {
  const operand& of = operands_.at(where.operand).names;
  return path_of(of.source_prefix, of.source_name, where.path, name);
}

std::string places::target_path(const spot& where, const std::string& name) const {
  const operand& of = operands_.at(where.operand).names;
  return path_of(of.target_prefix, of.target_name, where.path, name);
}

void put(message_writer& to, const operand& one) {
  to.put(one.source_prefix).put(one.target_prefix).put(one.source_directory);
  to.put(one.target_directory).put(one.source_name).put(one.target_name).put(one.follow);
}

operand take_operand(message_reader& from) {
  operand one;
  one.source_prefix = from.take<std::string>();
  one.target_prefix = from.take<std::string>();
  one.source_directory = from.take<std::string>();
  one.target_directory = from.take<std::string>();
  one.source_name = from.take<std::string>();
  one.target_name = from.take<std::string>();
  one.follow = from.take<bool>();
  return one;
}

}  // namespace carousel_mpi
