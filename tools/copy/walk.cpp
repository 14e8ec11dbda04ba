#include "copy/walk.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "common/last_error.hpp"
#include "common/naming.hpp"
#include "copy/durable.hpp"
#include "copy/path_only.hpp"
#include "copy/target_plan.hpp"

namespace carousel::tool {
namespace {

constexpr std::size_t levels_open = 16;

bool is_directory(const place& where, const directory_entry& entry, bool follow) noexcept {
  return entry_type(where, entry, follow) == S_IFDIR;
}

bool is_denied(const std::error_code& why) noexcept { return why == std::errc::permission_denied; }

/// A file, or a link, which is not followed.
bool is_no_directory(const std::error_code& why) noexcept {
  return why == std::errc::not_a_directory || why == std::errc::too_many_symbolic_link_levels;
}

}  // namespace

result<> open_handles(place& where, handles& open) {
  for (const side s : {side::source, side::target}) {
    const auto own = s == side::source ? &place::source : &place::target;
    const auto asked = s == side::source ? &handles::source : &handles::target;
    if ((open.*asked).fd() >= 0) continue;
    const bool closed = (where.*own).fd() < 0;
    if (const auto opened = reopen(where, s); !opened) return opened;
    open.*asked = where.*own;
    if (closed) where.*own = directory();
  }
  return {};
}

walk::walk(attribute_options attributes, walk_rules rules, bool durable, copy_report& report,
           descriptor_line& line, visitor visit)
    : attributes_(attributes),
      rules_(std::move(rules)),
      durable_(durable),
      report_(report),
      line_(line),
      visit_(std::move(visit)) {}

/// In a directory that this copy has made every name was free.
claim walk::level::next_claim() const {
  return where->fresh ? claim{.was_free = true} : claims.of(next);
}

task<> walk::run(std::shared_ptr<place> top, std::string name, std::string target_name,
                 claim claimed, bool follow) {
  co_await descend(std::move(top), std::move(name), std::move(target_name), std::move(claimed),
                   follow);
  while (!levels_.empty()) {
    level& here = levels_.back();
    if (report_.over() || here.next == here.entries.size()) {
      co_await ascend();
      continue;
    }
    claim its = here.next_claim();
    directory_entry entry = std::move(here.entries[here.next++]);
    std::shared_ptr<place> where = here.where;
    if (is_directory(*where, entry, rules_.follows_links)) {
      std::string same = entry.name;
      co_await descend(std::move(where), std::move(entry.name), std::move(same), std::move(its),
                       rules_.follows_links);
    } else {
      ++where->pending;
      co_await visit_(std::move(where), std::move(entry), std::move(its));
    }
  }
}

// Down.

task<> walk::descend(std::shared_ptr<place> parent, std::string name, std::string target_name,
                     claim claimed, bool follow) {
  if (!claimed.rival.empty())
    co_return report_.refuse(source_path(*parent, name),
                             one_name_text(target_path(*parent, claimed.rival)));
  ++parent->pending;
  handles outside{parent->source, parent->target};
  auto entered = co_await enter(parent, name, target_name, claimed.was_free, follow);
  if (!entered) {
    co_await leave(std::move(parent), std::move(outside));
    co_return;
  }
  std::shared_ptr<place> made = std::move(*entered);
  ++report_.directories;
  on_the_way_.insert(made->source_id);
  auto entries = co_await entries_of(*made);
  name_claims claims;
  if (!made->fresh && may_fold_names(made->target.fd()))
    claims = name_claims(made->target.fd(), entries.size(),
                         [&](std::size_t i) -> const std::string& { return entries[i].name; });
  levels_.push_back({std::move(made), std::move(entries), std::move(claims)});
  close_outer_levels(levels_open);
}

/// Those that are to be copied, in the order in which a disk has them.
task<std::vector<directory_entry>> walk::entries_of(const place& where) {
  std::vector<directory_entry> entries;
  const place& parent = *where.parent;
  const bool elsewhere = parent.parent && parent.source_id.device != where.source_id.device;
  if (rules_.one_file_system && elsewhere) co_return entries;
  auto listed = co_await list(where);
  if (listed)
    entries = std::move(*listed);
  else
    report_.fail("list", source_path(parent, where.source_name), listed.error());
  if (!rules_.left_out.empty())
    report_.excluded += std::erase_if(entries, [&](const directory_entry& entry) {
      const bool is_one = is_directory(where, entry, rules_.follows_links);
      return rules_.left_out.cover(where, entry.name, is_one);
    });
  std::ranges::sort(entries, {}, &directory_entry::inode);
  co_return entries;
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
  return fd < 0 ? std::move(target) : directory::from_fd(fd);
}

/// Gives the place, with both directories open, or an error that was reported.
task<result<std::shared_ptr<place>>> walk::enter(const std::shared_ptr<place>& parent,
                                                 const std::string& name,
                                                 const std::string& target_name, bool was_free,
                                                 bool follow) {
  auto made = std::make_shared<place>(parent, directory(), directory());
  made->follows = follow;
  made->source_name = name;
  made->target_name = target_name;
  descriptor_line::stay stay;
  for (;;) {
    auto obstacle = co_await open_source(*made);
    if (!obstacle.why) obstacle = co_await open_target(*made, was_free);
    if (!obstacle.why) co_return made;
    if (out_of_descriptors(obstacle.why)) {
      made->source = directory();
      close_outer_levels(1);
      const bool again = co_await stay.wait(line_);
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
  if (!is_loop && !made_.contains(made.source_id)) co_return obstacle{};
  report_.refuse(source_path(parent, made.source_name),
                 is_loop ? "is inside itself, which a link or a mount can bring about"
                         : "leads to what was just made");
  co_return obstacle{make_error_code(errc::not_supported), "", false, true};
}

task<walk::obstacle> walk::open_target(place& made, bool was_free) {
  const place& parent = *made.parent;
  if (!names_no_child(made.target_name) && !made.fresh) {
    const unsigned open_to_others = attributes_.preserve ? 0U : 01077U;
    const unsigned mode = (made.about.st_mode & open_to_others) | 0700U;
    const auto created = co_await parent.target.make_directory(made.target_name, mode);
    made.fresh = created.has_value();
    const bool exists = !created && created.error() == std::errc::file_exists;
    if (was_free && exists) {
      const std::string spelt = spelling_of(parent.target.fd(), made.target_name);
      report_.refuse(source_path(parent, made.source_name),
                     one_name_text(target_path(parent, spelt)));
      co_return obstacle{created.error(), "", false, true};
    }
    if (!created && !exists) co_return obstacle{created.error(), "make the directory", true};
  }
  const auto options = open_options{}.custom_flags(O_NOFOLLOW);
  auto target = co_await parent.target.open_directory(made.target_name, options);
  if (!target && is_denied(target.error()))
    target = name_directory(parent.target, made.target_name, O_NOFOLLOW);
  if (target && made.fresh) target = lend_access(std::move(*target), made);
  if (!target && is_no_directory(target.error())) {
    report_.refuse(source_path(parent, made.source_name),
                   "is a directory, which does not replace " +
                       shell_quoted(target_path(parent, made.target_name)));
    co_return obstacle{target.error(), "", false, true};
  }
  if (!target) co_return obstacle{target.error(), "open the directory", true};
  made.target = std::move(*target);
  struct stat about{};
  if (::fstat(made.target.fd(), &about) == 0) made.target_id = identity_of(about);
  if (rules_.follows_links) made_.insert(made.target_id);
  made.inherits_acl = attributes_.preserve && gives_acl(made.target.fd());
  co_return obstacle{};
}

task<result<std::vector<directory_entry>>> walk::list(const place& where) {
  descriptor_line::stay stay;
  for (;;) {
    auto entries = co_await where.source.list();
    if (entries || !out_of_descriptors(entries.error())) co_return entries;
    close_outer_levels(0);
    const bool again = co_await stay.wait(line_);
    if (!again) co_return entries;
  }
}

void walk::close_outer_levels(std::size_t kept) {
  if (levels_.size() <= kept) return;
  for (std::size_t i = levels_.size() - kept; i-- > 0;) {
    place& outer = *levels_[i].where;
    if (outer.source.fd() < 0) break;  // so are those above
    outer.source = directory();
    outer.target = directory();
  }
}

// Up.

task<> walk::ascend() {
  std::shared_ptr<place> left = std::move(levels_.back().where);
  levels_.pop_back();
  on_the_way_.erase(left->source_id);
  handles open{std::exchange(left->source, {}), std::exchange(left->target, {})};
  if (!levels_.empty()) {
    level& outer = levels_.back();
    result<> opened = reopen(*outer.where, side::source, open.source);
    if (opened) opened = reopen(*outer.where, side::target, open.target);
    if (!opened) {
      report_.fail("go back to", source_path(*outer.where->parent, outer.where->source_name),
                   opened.error());
      outer.next = outer.entries.size();
    }
  }
  co_await leave(std::move(left), std::move(open));
}

task<> walk::leave(std::shared_ptr<place> where, handles open) {
  while (--where->pending == 0 && where->parent) {
    co_await finish(*where, open);
    std::shared_ptr<place> up = where->parent;
    if (up->pending == 1 && up->parent) {
      // The last entry of its parent, which is finished next.
      if (!reopen(*up, side::source, open.source) || !reopen(*up, side::target, open.target)) {
        report_.fail("go back to", target_path(*up->parent, up->target_name), last_error());
      }
      open = handles{up->source, up->target};
    }
    where = std::move(up);
  }
}

task<> walk::finish(place& where, handles open) {
  // The path of a directory as deep as they come is long: it is put together when somebody wants to
  // read it.
  const auto name = [&] { return target_path(*where.parent, where.target_name); };
  const int target = open.target.fd();
  attribute_losses lost;
  if (attributes_.preserve) {
    lost = copy_attributes(open.source.fd(), target, where.about, attributes_, true);
  } else if (struct stat made{}; where.lent != 0) {
    if (::fstat(target, &made) != 0 ||
        change_mode(target, made.st_mode & 07777U & ~where.lent) != 0)
      lost.push_back({attribute::mode, errno});
  }
  report_.lose(lost, [&](bool of_source) {
    return of_source ? source_path(*where.parent, where.source_name) : name();
  });
  if (!durable_) co_return;
  const auto synced = co_await make_names_durable(open.target);
  if (!synced) report_.fail_at_target("sync", name(), synced.error());
}

}  // namespace carousel::tool
