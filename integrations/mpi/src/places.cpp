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

tool::identity identity_of(const directory& opened) noexcept {
  struct stat about{};
  return ::fstat(opened.fd(), &about) == 0 ? tool::identity_of(about) : tool::identity();
}

}  // namespace

std::shared_ptr<place> places::top_like(const std::shared_ptr<place>& top) {
  return tops_.try_emplace({top->source_name, top->target_name}, top).first->second;
}

std::uint32_t places::add_own(const std::shared_ptr<place>& top, operand one) {
  const auto index = static_cast<std::uint32_t>(operands_.size());
  one.source_prefix = top->source_name;
  one.target_prefix = top->target_name;
  one.source_directory = absolute_path(top->source_name);
  one.target_directory = absolute_path(top->target_name);
  indices_[{top.get(), one.source_name}] = index;
  operands_.push_back({std::move(one), top, {}});
  met(operands_.back().names);
  return index;
}

/// Places that have an index are kept, so that none is taken for another one.
std::uint32_t places::index_of(const std::shared_ptr<place>& top, const place* named) {
  operand one;
  if (named != nullptr) {
    one.source_name = named->source_name;
    one.target_name = named->target_name;
    one.follow = named->follows;
  }
  const std::shared_ptr<place> like = top_like(top);
  for (const place* at : {top.get(), like.get()}) {
    const auto known = indices_.find({at, one.source_name});
    if (known != indices_.end()) return known->second;
  }
  return add_own(like, std::move(one));
}

void places::name_directory(const std::shared_ptr<place>& top, const std::string& source_name,
                            const std::string& target_name, bool follow) {
  add_own(top, {.source_name = source_name, .target_name = target_name, .follow = follow});
}

void places::add(operand one) {
  known_operand made{std::move(one), nullptr, {}};
  const operand& names = made.names;
  const auto like = tops_.find({names.source_prefix, names.target_prefix});
  if (like != tops_.end()) {
    made.top = like->second;
  } else {
    auto from = open_path(names.source_directory);
    auto to = open_path(names.target_directory);
    if (!from || !to) {
      made.why = from ? to.error() : from.error();
      operands_.push_back(std::move(made));
      return;
    }
    made.top = std::make_shared<place>(nullptr, std::move(*from), std::move(*to));
    made.top->source_name = names.source_prefix;
    made.top->target_name = names.target_prefix;
    made.top->source_id = identity_of(made.top->source);
    made.top->target_id = identity_of(made.top->target);
    if (preserve_) made.top->inherits_acl = tool::acl_given_by(made.top->target.fd());
    tops_[{names.source_prefix, names.target_prefix}] = made.top;
  }
  indices_[{made.top.get(), names.source_name}] = static_cast<std::uint32_t>(operands_.size());
  operands_.push_back(std::move(made));
}

spot places::spot_of(const std::shared_ptr<place>& where) {
  std::vector<const std::string*> names;
  std::shared_ptr<place> at = where;
  const place* named = nullptr;
  for (; at->parent; at = at->parent) {
    named = at.get();
    names.push_back(&at->source_name);
  }
  spot found;
  found.operand = index_of(at, named);
  if (names.empty()) return found;
  names.pop_back();  // the directory that the operand names, which it calls "/"
  found.path = "/";
  for (const std::string* name : names | std::views::reverse)
    found.path.append(found.path.size() == 1 ? "" : "/").append(*name);
  return found;
}

spot places::spot_of_named(const place& top, const std::string& source_name) const {
  return {.operand = indices_.at({&top, source_name})};
}

result<bool> places::is_copy(const place& where, bool by_link) {
  for (known_operand& one : operands_) {
    if (!one.top || one.names.source_name.empty()) continue;
    struct stat about{};
    if (!one.copy && ::fstatat(one.top->target.fd(), one.names.target_name.c_str(), &about,
                               AT_SYMLINK_NOFOLLOW) == 0)
      one.copy = tool::identity_of(about);
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
  const known_operand& of = operands_.at(where.operand);
  if (!of.top) return std::unexpected(of.why);
  if (where.path.empty()) {
    open = {of.top->source, of.top->target};
    return of.top;
  }
  if (last_ && last_where_ == where) {
    open = {};
    if (tool::open_handles(*last_, open)) return last_;
    open = {};
  }
  tool::handles here{of.top->source, of.top->target};
  tool::handles next;
  auto found =
      below(of.top, here, of.names.source_name, of.names.target_name, of.names.follow, next);
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
