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

namespace carousel::tool {
namespace {

constexpr std::size_t levels_open = 16;
/// More would not make it cheaper to hand them to a thread.
constexpr std::size_t files_at_once_max = 64;

bool is_directory(const place& where, const directory_entry& entry, bool follow) noexcept {
  return entry_type(where.source.fd(), entry, follow) == S_IFDIR;
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
           descriptor_line& line, visitor visit, files_visitor visit_files)
    : attributes_(attributes),
      rules_(std::move(rules)),
      durable_(durable),
      report_(report),
      line_(line),
      visit_(std::move(visit)),
      visit_files_(std::move(visit_files)) {}

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
    files.push_back(std::move(entries[next++]));
  return files;
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
    if (auto files = here.next_files(); !files.empty()) {
      here.where->pending += files.size();
      co_await visit_files_(here.where, std::move(files));
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
  auto entries = co_await entries_of(made);
  name_claims claims;
  if (!made->fresh && !made->planned && may_fold_names(made->target.fd()))
    claims = name_claims(made->target.fd(), entries.size(),
                         [&](std::size_t i) -> const std::string& { return entries[i].name; });
  levels_.push_back({std::move(made), std::move(entries), std::move(claims)});
  close_outer_levels(levels_open);
}

/// Those that are to be copied, in the order in which a disk has them.
task<std::vector<directory_entry>> walk::entries_of(std::shared_ptr<place> where) {
  std::vector<directory_entry> entries;
  const place& parent = *where->parent;
  const bool is_named = levels_.empty();
  const bool elsewhere = !is_named && parent.source_id.device != where->source_id.device;
  if (rules_.one_file_system && elsewhere) co_return entries;
  auto listed = co_await list(where->source);
  if (listed)
    entries = std::move(*listed);
  else
    report_.fail("list", source_path(parent, where->source_name), listed.error());
  if (listed && rules_.beside != nullptr) co_await compare_with_target(where, entries);
  if (!rules_.left_out.empty())
    report_.excluded += std::erase_if(entries, [&](const directory_entry& entry) {
      const bool is_one = is_directory(*where, entry, rules_.follows_links);
      return rules_.left_out.cover(*where, entry.name, is_one);
    });
  std::ranges::sort(entries, {}, &directory_entry::inode);
  co_return entries;
}

task<> walk::compare_with_target(const std::shared_ptr<place>& where,
                                 const std::vector<directory_entry>& wanted) {
  std::vector<directory_entry> there;
  if (!where->fresh && !where->planned) {
    auto listed = co_await list(where->target);
    if (!listed)
      co_return report_.fail_at_target("list", target_path(*where->parent, where->target_name),
                                       listed.error());
    there = std::move(*listed);
  }
  rules_.beside->compare(where, wanted, there, rules_.left_out);
}

task<result<std::vector<directory_entry>>> walk::list(directory listed) {
  descriptor_line::stay stay;
  for (;;) {
    auto entries = co_await listed.list();
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
  if (rules_.foreseen == nullptr) left->ending = report_.begin();
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
  if (rules_.foreseen != nullptr) co_return;
  // One that is only on the way to what is copied was never left by the walk.
  const std::shared_ptr<file_report> said = where.ending ? where.ending : report_.begin();
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
  said->lose(lost, [&](bool of_source) {
    return of_source ? source_path(*where.parent, where.source_name) : name();
  });
  if (durable_) {
    const auto synced = co_await make_names_durable(open.target);
    if (!synced) said->fail_at_target("sync", name(), synced.error());
  }
  report_.end(*said);
}

}  // namespace carousel::tool
