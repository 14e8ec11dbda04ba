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

#include "common/last_error.hpp"
#include "copy/access_list.hpp"
#include "copy/path_only.hpp"
#include "copy/walk.hpp"

namespace carousel_mpi {
namespace {

using carousel::directory;
using carousel::result;
using tool::place;

/// Where the directory is, for other processes.
std::string absolute_path(const std::string& named) {
  const std::string path = named.empty() ? "." : named;
  const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr),
                                                         &std::free);
  return real ? std::string(real.get()) : path;
}

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

std::uint32_t places::index_of(const std::shared_ptr<place>& top) {
  const auto known = tops_.find(top.get());
  if (known != tops_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(operands_.size());
  tops_.emplace(top.get(), index);
  operand one{top->source_name,
              top->target_name,
              absolute_path(top->source_name),
              absolute_path(top->target_name),
              {},
              {},
              false};
  operands_.push_back({std::move(one), top, {}});
  met(operands_.back().names);
  return index;
}

void places::name_directory(const std::shared_ptr<place>& top, const std::string& source_name,
                            const std::string& target_name, bool follow) {
  const auto index = static_cast<std::uint32_t>(operands_.size());
  tops_[top.get()] = index;
  operand one{top->source_name,
              top->target_name,
              absolute_path(top->source_name),
              absolute_path(top->target_name),
              source_name,
              target_name,
              follow};
  operands_.push_back({std::move(one), top, {}});
  met(operands_.back().names);
}

void places::add(operand one) {
  known_operand made{std::move(one), nullptr, {}};
  auto from = open_path(made.names.source_directory);
  auto to = open_path(made.names.target_directory);
  if (from && to) {
    made.top = std::make_shared<place>(nullptr, std::move(*from), std::move(*to));
    made.top->source_name = made.names.source_prefix;
    made.top->target_name = made.names.target_prefix;
    made.top->source_id = identity_of(made.top->source);
    made.top->target_id = identity_of(made.top->target);
    if (preserve_) made.top->inherits_acl = tool::acl_given_by(made.top->target.fd());
    tops_.emplace(made.top.get(), static_cast<std::uint32_t>(operands_.size()));
  } else {
    made.why = from ? to.error() : from.error();
  }
  operands_.push_back(std::move(made));
}

spot places::spot_of(const std::shared_ptr<place>& where) {
  std::vector<const std::string*> names;
  std::shared_ptr<place> at = where;
  for (; at->parent; at = at->parent) names.push_back(&at->source_name);
  spot found;
  found.operand = index_of(at);
  if (names.empty()) return found;
  names.pop_back();  // the directory that the operand names, which it calls "/"
  found.path = "/";
  for (const std::string* name : names | std::views::reverse)
    found.path.append(found.path.size() == 1 ? "" : "/").append(*name);
  return found;
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
    found = below(*found, here, name, name, false, next);
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
