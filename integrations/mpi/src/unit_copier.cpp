#include "unit_copier.hpp"

#include <utility>

#include "copy/file_job.hpp"

namespace carousel_mpi {

using carousel::result;
using carousel::task;
using tool::place;

task<result<std::shared_ptr<place>>> unit_copier::go_to(const spot& where, tool::handles& open) {
  return copier_->line().until_open([this, &where, &open] { return places_.at(where, open); });
}

task<> unit_copier::run(own_unit one) {
  if (one.unit.what == work_unit::kind::names) {
    co_await copy_names(std::move(one.unit));
    co_return;
  }
  tool::handles open = std::move(one.open);
  std::shared_ptr<place> where = one.where;
  if (!where) {
    auto found = co_await go_to(one.unit.where, open);
    if (!found) {
      const std::string path = places_.source_path(one.unit.where, one.unit.name);
      co_return cannot_go(std::move(one), "go to", path, found.error());
    }
    where = std::move(*found);
  } else {
    const auto opened = co_await copier_->open_in_line(*where, open);
    if (!opened) {
      const bool of_source = open.source.fd() < 0;
      const std::string path = of_source ? tool::source_path(*where, one.unit.name)
                                         : tool::target_path(*where, one.unit.name);
      co_return cannot_go(std::move(one), "go back to", path, opened.error());
    }
  }
  watch_.reached();
  // What is copied there finds the directory open; at the top it always is.
  const bool is_top = where->parent == nullptr;
  where->source = open.source;
  where->target = open.target;
  std::shared_ptr<place> kept = where;
  if (one.unit.what == work_unit::kind::directory)
    co_await run_directory(std::move(one), std::move(where));
  else
    co_await copier_->copy_files(std::move(where), std::move(one.unit.files));
  if (is_top) co_return;
  kept->source = carousel::directory();
  kept->target = carousel::directory();
}

void unit_copier::cannot_go(own_unit one, std::string_view what, const std::string& path,
                            const std::error_code& why) {
  if (one.where) one.unit.where = places_.spot_of(one.where);
  if (!watch_.is_for_others(one.unit.where, why, one.unit.not_for))
    return report_.fail(what, path, why);
  gives_back(one.unit);
}

task<> unit_copier::run_directory(own_unit one, std::shared_ptr<place> where) {
  const bool is_own = one.where != nullptr;
  const std::string name = one.unit.name;
  std::string target_name = is_own ? one.target_name : name;
  bool follow = is_own ? one.follow : follows_;
  if (!is_own && one.unit.where.path.empty()) {
    target_name = places_.of(one.unit.where).target_name;
    follow = places_.of(one.unit.where).follow;
  }
  const tool::claim claimed =
      is_own ? std::move(one.claimed) : tool::claim{.was_free = one.unit.was_free};
  co_await copier_->copy_directory(std::move(where), {name, target_name, claimed, follow});
}

task<> unit_copier::copy_names(work_unit unit) {
  work_unit others{.what = work_unit::kind::names};
  for (named_file& one : unit.names) {
    tool::handles open;
    auto where = co_await go_to(one.where, open);
    if (!where) {
      if (watch_.is_for_others(one.where, where.error(), unit.not_for))
        others.names.push_back(std::move(one));
      else
        report_.fail("go to", places_.source_path(one.where, one.name), where.error());
      continue;
    }
    watch_.reached();
    // It may have to wait until it is begun, and opens the directory again then.
    if (copier_->line().is_wanted()) open = {};
    tool::file_job job{std::move(*where),          std::move(open),
                       std::move(one.name),        std::move(one.target_name),
                       {.was_free = one.was_free}, one.follow};
    co_await copier_->copy_name(std::move(job), one.type);
  }
  if (!others.names.empty()) gives_back(others);
}

}  // namespace carousel_mpi
