#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string_view>
#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/foresight.hpp"
#include "copy/path_only.hpp"
#include "copy/target_plan.hpp"
#include "copy/walk.hpp"

// The way down: a directory of the source is opened, and the one that it becomes is made or found.

namespace carousel::tool {
namespace {

bool is_denied(const std::error_code& why) noexcept { return why == std::errc::permission_denied; }

/// A file, or a link, which is not followed.
bool is_no_directory(const std::error_code& why) noexcept {
  return why == std::errc::not_a_directory || why == std::errc::too_many_symbolic_link_levels;
}

}  // namespace

task<std::shared_ptr<place>> walk::pass(std::shared_ptr<place> where, std::string name) {
  auto entered = co_await enter(where, name, name, {.follow = true});
  if (!entered) co_return nullptr;
  if ((*entered)->fresh) ++report_.directories;
  co_return std::move(*entered);
}

/// Lets files be made in a new directory, whatever the original and the umask say: `made` knows
/// what is to be taken back.
result<directory> walk::lend_access(directory target, place& made) const {
  struct stat about{};
  if (::fstat(target.fd(), &about) != 0) return std::unexpected(last_error());
  const unsigned missing = ~about.st_mode & 0700U;
  made.lent |= missing | (~made.about.st_mode & 0700U);
  if (missing == 0) return target;
  if (change_mode(target.fd(), (about.st_mode & 07777U) | missing) != 0)
    return std::unexpected(last_error());
  // One that could not be read was opened as a name only, which is enough for all but to make it
  // durable.
  const int fd = ::openat(target.fd(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd >= 0) return directory::from_fd(fd);
  const std::error_code why = last_error();
  if (out_of_descriptors(why)) return std::unexpected(why);
  return target;
}

/// Gives the place, with both directories open, or an error that was reported.
task<result<std::shared_ptr<place>>> walk::enter(const std::shared_ptr<place>& parent,
                                                 const std::string& name,
                                                 const std::string& target_name, entrance how) {
  const auto [was_free, follow] = how;
  auto made = std::make_shared<place>(parent, directory(), directory());
  made->follows = follow;
  made->source_name = name;
  made->target_name = target_name;
  descriptor_line::stay stay;
  for (;;) {
    auto obstacle = co_await try_to_enter(*made, was_free);
    if (!obstacle.why) co_return made;
    if (out_of_descriptors(obstacle.why)) {
      for (place* const own : {made.get(), parent.get()}) {
        if (!own->parent) continue;
        own->source = directory();
        own->target = directory();
      }
      const bool again = co_await stay.wait(line_, obstacle.why);
      if (again) continue;
    }
    const bool denied = obstacle.at_target && obstacle.why == std::errc::operation_not_permitted;
    const std::string_view lock = denied ? lock_of(parent->target.fd()) : std::string_view();
    if (!lock.empty())
      report_.refuse(target_path(*parent, target_name), lock);
    else if (obstacle.at_target)
      report_.fail_at_target(obstacle.what, target_path(*parent, target_name), obstacle.why);
    else if (!obstacle.told)
      report_.fail(obstacle.what, source_path(*parent, name), obstacle.why);
    co_return std::unexpected(obstacle.why);
  }
}

task<walk::obstacle> walk::try_to_enter(place& made, bool was_free) {
  place& parent = *made.parent;
  if (parent.parent) {
    result<> above = reopen(parent, side::source);
    if (above) above = reopen(parent, side::target);
    if (!above) co_return obstacle{above.error(), "go back to the directory of"};
  }
  const descriptor_line::holder holds(line_);
  used_ = &parent;
  auto obstacle = co_await open_source(made);
  if (!obstacle.why) obstacle = co_await open_target(made, was_free);
  used_ = nullptr;
  co_return obstacle;
}

/// One that may not be read is opened all the same: its attributes are copied, and the tree has a
/// directory there.
task<walk::obstacle> walk::open_source(place& made) {
  const place& parent = *made.parent;
  const int nofollow = made.follows ? 0 : O_NOFOLLOW;
  const auto options = open_options{}.custom_flags(nofollow);
  auto source = co_await parent.source.open_directory(made.source_name, options);
  if (!source && is_denied(source.error()))
    source = name_directory(parent.source, made.source_name, nofollow);
  if (!source) co_return obstacle{source.error()};
  if (::fstat(source->fd(), &made.about) != 0) co_return obstacle{last_error()};
  made.source_id = identity_of(made.about);
  made.source = std::move(*source);
  const bool is_loop = on_the_way_.contains(made.source_id);
  const auto is_made = leads_to_copy(made);
  if (!is_made) co_return obstacle{is_made.error()};
  if (!is_loop && !*is_made) co_return obstacle{};
  report_.refuse(source_path(parent, made.source_name),
                 is_loop ? "is inside itself, which a link or a mount can bring about"
                         : "leads to what was just made");
  co_return obstacle{.why = make_error_code(errc::not_supported), .told = true};
}

/// Or to what others make of it.
result<bool> walk::leads_to_copy(const place& made) const {
  if (stays_empty(made)) return false;
  if (becomes_.contains(made.source_id) || made_.contains(made.source_id)) return true;
  if (rules_.share == nullptr || !rules_.follows_links) return false;
  struct stat itself{};
  const bool by_link = ::fstatat(made.parent->source.fd(), made.source_name.c_str(), &itself,
                                 AT_SYMLINK_NOFOLLOW) == 0 &&
                       S_ISLNK(itself.st_mode);
  return rules_.share->leads_to_copy(made, by_link);
}

/// Whether a dry run has made it already, in its mind.
bool walk::is_foreseen(place& made) const {
  const place& parent = *made.parent;
  if (names_no_child(made.target_name))
    made.planned = parent.planned;
  else if (rules_.foreseen->any())
    made.planned = rules_.foreseen->has_directory(path_below_destination(parent, made.target_name));
  return made.planned;
}

/// A dry run looks whether it could be. An ordinary call: io_uring would hand it to a worker thread
/// of the kernel, for which the walk would wait.
result<> walk::make_target(const place& made) const {
  const place& parent = *made.parent;
  if (rules_.foreseen != nullptr) {
    std::error_code why;
    if (!parent.planned) why = why_no_directory(parent.target.fd(), made.target_name);
    if (why) return std::unexpected(why);
    return {};
  }
  const unsigned open_to_others = attributes_.preserve ? 0U : 01077U;
  const unsigned mode = (made.about.st_mode & open_to_others) | 0700U;
  if (::mkdirat(parent.target.fd(), made.target_name.c_str(), mode) != 0)
    return std::unexpected(last_error());
  return {};
}

task<walk::obstacle> walk::open_target(place& made, bool was_free) {
  const place& parent = *made.parent;
  const auto refuse_file = [&](const std::error_code& why) {
    report_.refuse(source_path(parent, made.source_name),
                   "is a directory, which does not replace " +
                       shell_quoted(target_path(parent, made.target_name)));
    return obstacle{.why = why, .told = true};
  };
  if (rules_.foreseen != nullptr && is_foreseen(made)) co_return obstacle{};
  if (rules_.foreseen != nullptr && rules_.foreseen->any() &&
      rules_.foreseen->find(path_below_destination(parent, made.target_name)) != nullptr)
    co_return refuse_file(std::make_error_code(std::errc::not_a_directory));
  if (!names_no_child(made.target_name) && !made.fresh) {
    const auto created = make_target(made);
    made.fresh = created.has_value();
    const bool exists = !created && created.error() == std::errc::file_exists;
    if (was_free && exists) {
      const std::string spelt = spelling_of(parent.target.fd(), made.target_name);
      report_.refuse(source_path(parent, made.source_name),
                     one_name_text(target_path(parent, spelt)));
      co_return obstacle{.why = created.error(), .told = true};
    }
    if (!created && !exists)
      co_return obstacle{.why = created.error(), .what = "make the directory", .at_target = true};
    if (made.fresh && report_.names_each)
      report_.tell(source_path(parent, made.source_name), target_path(parent, made.target_name),
                   rules_.foreseen != nullptr ? "would be made" : "");
    if (made.fresh && rules_.foreseen != nullptr) {
      if (rules_.foreseen->any())
        rules_.foreseen->add_directory(path_below_destination(parent, made.target_name));
      made.planned = true;
      co_return obstacle{};
    }
  }
  const auto options = open_options{}.custom_flags(O_NOFOLLOW);
  auto target = co_await parent.target.open_directory(made.target_name, options);
  if (!target && is_denied(target.error()))
    target = name_directory(parent.target, made.target_name, O_NOFOLLOW);
  if (target && made.fresh) target = lend_access(std::move(*target), made);
  if (!target && is_no_directory(target.error())) co_return refuse_file(target.error());
  if (!target) co_return obstacle{.why = target.error(), .at_target = true};
  made.target = std::move(*target);
  struct stat about{};
  if (::fstat(made.target.fd(), &about) == 0) made.target_id = identity_of(about);
  if (rules_.follows_links) made_.insert(made.target_id);
  if (attributes_.preserve) made.inherits_acl = acl_given_by(made.target.fd());
  co_return obstacle{};
}

}  // namespace carousel::tool
