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

constexpr std::size_t levels_open_max = 16;
/// More would not make it cheaper to hand them to a thread.
constexpr std::size_t files_at_once_max = 64;

bool is_directory(const place& where, const name_list::entry& entry, bool follow) noexcept {
  return entry_type(where.source.fd(), entry.c_str(), entry.type, follow_links(follow)) == S_IFDIR;
}

/// Takes those out that have one reason, which is the result; empty: there is none.
std::string_view take_locked(attribute_losses& lost, int target) {
  const std::string_view lock = lost.empty() ? std::string_view() : attribute_lock_of(target);
  if (lock.empty()) return lock;
  const auto locked = std::erase_if(lost, [](const attribute_loss& one) {
    return one.error == EPERM && !one.row().at_source && one.comes_to() == fate::error;
  });
  return locked == 0 ? std::string_view() : lock;
}

}  // namespace

result<directory> open_side(place& where, side which) {
  const auto own = which == side::source ? &place::source : &place::target;
  const bool closed = (where.*own).fd() < 0;
  if (const auto opened = reopen(where, which); !opened) return std::unexpected(opened.error());
  directory open = where.*own;
  if (closed) where.*own = directory();
  return open;
}

result<> open_handles(place& where, handles& open) {
  for (const side s : {side::source, side::target}) {
    const auto asked = s == side::source ? &handles::source : &handles::target;
    if ((open.*asked).fd() >= 0) continue;
    auto opened = open_side(where, s);
    if (!opened) return std::unexpected(opened.error());
    open.*asked = std::move(*opened);
  }
  return {};
}

walk::walk(attribute_options attributes, walk_rules rules, bool durable, copy_report& report,
           descriptor_line& line, visitor visit, files_visitor visit_files)
    : attributes_(attributes),
      rules_(std::move(rules)),
      durable_(durable),
      report_(report),
      line_(line),
      visit_(std::move(visit)),
      visit_files_(std::move(visit_files)),
      lends_(line, [this] { return close_outer_levels(0); }) {}

/// In a directory that this copy has made every name was free.
claim walk::level::next_claim() const {
  return where->fresh ? claim{.was_free = true} : claims.of(next);
}

/// Those that stand next in a directory that this copy has made; none where something else does.
std::vector<directory_entry> walk::level::next_files() {
  std::vector<directory_entry> files;
  const auto is_file = [this] {
    return next < entries.size() && entries[next].type == std::filesystem::file_type::regular;
  };
  while (where->fresh && files.size() < files_at_once_max && is_file())
    files.push_back(entries[next++].alone());
  return files;
}

task<> walk::run(std::shared_ptr<place> top, std::string name, std::string target_name,
                 claim claimed, bool follow) {
  // Somebody else may have come so far.
  const std::shared_ptr<place> below = rules_.share != nullptr ? top : nullptr;
  for (const place* at = below.get(); at != nullptr && at->parent; at = at->parent.get())
    go_down(*at);
  co_await descend(std::move(top), std::move(name), std::move(target_name), std::move(claimed),
                   follow);
  while (!levels_.empty()) {
    level& here = levels_.back();
    if (report_.over() || here.next == here.entries.size()) {
      co_await ascend();
      continue;
    }
    const bool open = co_await is_open(here);
    if (!open) continue;
    if (auto files = here.next_files(); !files.empty()) {
      if (rules_.share != nullptr &&
          rules_.share->takes_files(here.where, here.entries.size(), files))
        continue;
      here.where->pending += files.size();
      co_await visit_files_(here.where, std::move(files));
      continue;
    }
    claim its = here.next_claim();
    const name_list::entry listed = here.entries[here.next++];
    directory_entry entry = listed.alone();
    std::shared_ptr<place> where = here.where;
    if (is_directory(*where, listed, rules_.follows_links)) {
      if (hands_over(where, entry, its, here.next == here.entries.size())) continue;
      std::string same = entry.name;
      co_await descend(std::move(where), std::move(entry.name), std::move(same), std::move(its),
                       rules_.follows_links);
    } else {
      ++where->pending;
      co_await visit_(std::move(where), std::move(entry), std::move(its));
    }
  }
  on_the_way_.clear();
  becomes_.clear();
}

// Down.

void walk::go_down(const place& into) {
  on_the_way_.insert(into.source_id);
  // What is only planned is nobody's.
  if (!into.planned) becomes_.insert(into.target_id);
}

/// What has the name of another one is not: that is said here.
bool walk::hands_over(const std::shared_ptr<place>& where, const directory_entry& entry,
                      const claim& claimed, bool is_last) const {
  return rules_.share != nullptr && claimed.rival.empty() &&
         rules_.share->takes_directory(
             where, {entry.name, entry.name, claimed, rules_.follows_links, is_last});
}

task<> walk::descend(std::shared_ptr<place> parent, std::string name, std::string target_name,
                     claim claimed, bool follow) {
  if (!claimed.rival.empty())
    co_return report_.refuse(source_path(*parent, name),
                             one_name_text(target_path(*parent, claimed.rival)));
  ++parent->pending;
  auto entered =
      co_await enter(parent, name, target_name, {.was_free = claimed.was_free, .follow = follow});
  if (!entered) {
    co_await leave(std::move(parent), {});
    co_return;
  }
  std::shared_ptr<place> made = std::move(*entered);
  ++report_.directories;
  if (rules_.share != nullptr && !made->fresh) {
    const auto found = co_await line_.until_open([&] { return rules_.share->finds(*made); });
    if (!found)
      report_.fail_at_target("list", target_path(*parent, made->target_name), found.error());
  }
  go_down(*made);
  auto entries = co_await entries_of(made);
  result<name_claims> claims;
  if (!made->fresh && !made->planned && made->target.fd() >= 0 && may_fold_names(made->target.fd()))
    claims = co_await line_.until_open([&] {
      return name_claims::ask(made->target.fd(), entries.size(),
                              [&](std::size_t i) { return entries[i].c_str(); });
    });
  if (!claims) {
    report_.fail_at_target("list", target_path(*parent, made->target_name), claims.error());
    entries = {};
  }
  levels_.push_back({std::move(made), std::move(entries), std::move(*claims)});
  static const std::size_t levels_kept = levels_with_descriptors(levels_open_max);
  (void)close_outer_levels(levels_kept);
}

/// Another file system begins there, and what is in it is left out.
bool walk::stays_empty(const place& where) const noexcept {
  const place& parent = *where.parent;
  const bool is_named = rules_.share != nullptr ? !parent.parent : levels_.empty();
  return rules_.one_file_system && !is_named && parent.source_id.device != where.source_id.device;
}

/// Those that are to be copied, in the order in which a disk has them.
task<name_list> walk::entries_of(std::shared_ptr<place> where) {
  name_list entries;
  const place& parent = *where->parent;
  if (stays_empty(*where)) co_return entries;
  auto listed = co_await list(*where, side::source);
  if (listed)
    entries = std::move(*listed);
  else
    report_.fail("list", source_path(parent, where->source_name), listed.error());
  if (rules_.share != nullptr)
    entries.erase_if(
        [this](const name_list::entry& one) { return rules_.share->owns_name(one.name); });
  if (listed && rules_.beside != nullptr) co_await compare_with_target(where, entries);
  if (!rules_.left_out.empty())
    report_.excluded += entries.erase_if([&](const name_list::entry& entry) {
      const bool is_one = is_directory(*where, entry, rules_.follows_links);
      return rules_.left_out.cover(*where, std::string(entry.name), is_one);
    });
  entries.sort_by_inode();
  co_return entries;
}

task<> walk::compare_with_target(const std::shared_ptr<place>& where, const name_list& wanted) {
  name_list there;
  if (!where->fresh && !where->planned) {
    auto listed = co_await list(*where, side::target);
    if (!listed)
      co_return report_.fail_at_target("list", target_path(*where->parent, where->target_name),
                                       listed.error());
    there = std::move(*listed);
  }
  rules_.beside->compare(where, wanted, there, rules_.left_out);
}

/// Of a place that is no level yet, and is open afterwards.
task<result<name_list>> walk::list(place& where, side which) {
  descriptor_line::stay stay;
  for (;;) {
    result<> opened = reopen(where, side::source);
    if (opened) opened = reopen(where, side::target);
    result<name_list> names;
    if (opened) {
      const descriptor_line::holder holds(line_);
      names = co_await names_in(which == side::source ? where.source : where.target);
    } else {
      names = std::unexpected(opened.error());
    }
    if (names || !out_of_descriptors(names.error())) co_return names;
    where.source = directory();
    where.target = directory();
    const bool again = co_await stay.wait(line_, names.error());
    if (!again) co_return names;
  }
}

/// Whether there was anything to close.
bool walk::close_outer_levels(std::size_t kept) {
  bool some = false;
  for (std::size_t i = levels_.size() - std::min(kept, levels_.size()); i-- > 0;) {
    place& outer = *levels_[i].where;
    if (&outer == used_) continue;
    if (outer.source.fd() < 0 && outer.target.fd() < 0) {
      if (kept != 0) break;  // so are those above, which were closed on the way down
      continue;
    }
    some = true;
    outer.source = directory();
    outer.target = directory();
  }
  return some;
}

/// False: it is left, which was said.
task<bool> walk::is_open(level& here) {
  if (here.where->source.fd() >= 0 && (here.where->target.fd() >= 0 || here.where->planned))
    co_return true;
  const std::shared_ptr<place> where = here.where;
  handles none;
  const bool open = co_await open_above(*where, none);
  if (!open) levels_.back().next = levels_.back().entries.size();
  co_return open;
}

// Up.

task<> walk::ascend() {
  std::shared_ptr<place> left = std::move(levels_.back().where);
  levels_.pop_back();
  on_the_way_.erase(left->source_id);
  if (const auto at = becomes_.find(left->target_id); at != becomes_.end()) becomes_.erase(at);
  if (rules_.foreseen == nullptr) left->ending = report_.begin();
  handles open{std::exchange(left->source, {}), std::exchange(left->target, {})};
  if (!levels_.empty()) {
    const std::shared_ptr<place> outer = levels_.back().where;
    const bool opened = co_await open_above(*outer, open);
    if (!opened) levels_.back().next = levels_.back().entries.size();
  }
  co_await leave(std::move(left), std::move(open));
}

/// Opens the place again, through its child if that is open, which it is not any more if there were
/// too few descriptors. False: it cannot be, which was said.
task<bool> walk::open_above(place& where, handles& below) {
  descriptor_line::stay stay;
  for (;;) {
    result<> opened = reopen(where, side::source, below.source);
    if (opened) opened = reopen(where, side::target, below.target);
    if (opened) co_return true;
    below = {};
    bool again = out_of_descriptors(opened.error());
    if (again) {
      where.source = directory();
      where.target = directory();
      again = co_await stay.wait(line_, opened.error());
    }
    if (again) continue;
    report_.fail("go back to", source_path(*where.parent, where.source_name), opened.error());
    co_return false;
  }
}

task<result<>> walk::open_in_line(place& where, handles& open) {
  descriptor_line::stay stay;
  for (;;) {
    auto opened = open_handles(where, open);
    if (opened || !out_of_descriptors(opened.error())) co_return opened;
    open = {};
    const bool again = co_await stay.wait(line_, opened.error());
    if (!again) co_return opened;
  }
}

task<> walk::leave(std::shared_ptr<place> where, handles open) {
  while (--where->pending == 0 && where->parent) {
    if (!hands_over_end(where)) co_await finish(*where, open);
    std::shared_ptr<place> up = where->parent;
    handles above;
    if (up->pending == 1 && up->parent) {
      // The last entry of its parent, which is finished next: the way up is the shorter one.
      if (open.source.fd() >= 0 && reopen(*up, side::source, open.source))
        above.source = std::exchange(up->source, {});
      if (open.target.fd() >= 0 && reopen(*up, side::target, open.target))
        above.target = std::exchange(up->target, {});
    }
    open = std::move(above);
    where = std::move(up);
  }
}

bool walk::hands_over_end(const std::shared_ptr<place>& where) {
  if (rules_.share == nullptr || !rules_.share->takes_end(where)) return false;
  if (where->ending) report_.end(*std::exchange(where->ending, nullptr));
  return true;
}

task<> walk::end(std::shared_ptr<place> where) {
  handles open;
  co_await finish(*where, open);
}

task<> walk::finish(place& where, handles& open) {
  if (rules_.foreseen != nullptr) co_return;
  // One that is only on the way to what is copied was never left by the walk.
  const std::shared_ptr<file_report> said = where.ending ? where.ending : report_.begin();
  // The path of a directory as deep as they come is long: it is put together when somebody wants to
  // read it.
  const auto name = [&] { return target_path(*where.parent, where.target_name); };
  const auto opened = co_await open_in_line(where, open);
  if (!opened) {
    said->fail("go back to", name(), opened.error());
    co_return report_.end(*said);
  }
  const int target = open.target.fd();
  attribute_losses lost;
  if (attributes_.preserve) {
    lost = copy_attributes(open.source.fd(), target, where.about, attributes_, inherited_acl::yes);
  } else if (struct stat made{}; where.lent != 0) {
    if (::fstat(target, &made) != 0 ||
        change_mode(target, made.st_mode & 07777U & ~where.lent) != 0)
      lost.push_back({attribute::mode, errno});
  }
  if (const std::string_view lock = take_locked(lost, target); !lock.empty())
    said->refuse(name(), lock);
  said->lose(lost, [&](bool of_source) {
    return of_source ? source_path(*where.parent, where.source_name) : name();
  });
  if (durable_) {
    const auto synced = co_await make_durable(where, open);
    if (!synced) said->fail_at_target("sync", name(), synced.error());
  }
  report_.end(*said);
}

/// The names in its target.
task<result<>> walk::make_durable(place& where, handles& open) {
  descriptor_line::stay stay;
  for (;;) {
    auto done = open_handles(where, open);
    if (done) {
      const descriptor_line::holder holds(line_);
      done = co_await make_names_durable(open.target);
    }
    if (done || !out_of_descriptors(done.error())) co_return done;
    open = {};
    const bool again = co_await stay.wait(line_, done.error());
    if (!again) co_return done;
  }
}

}  // namespace carousel::tool
