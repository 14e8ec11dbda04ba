#include "cut_files.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "common/last_error.hpp"
#include "copy/content.hpp"
#include "copy/descriptors.hpp"
#include "copy/file_job.hpp"
#include "copy/piecewise_copy.hpp"
#include "talk.hpp"

namespace carousel_mpi {
namespace {

using carousel::errc;
using carousel::result;
using carousel::task;
using tool::copied_content;
using step = tool::content_progress::step;

}  // namespace

cut_files::cut_files(mailbox& box, places& where, const tool::copy_options& options,
                     std::uint64_t part_bytes)
    : box_(box), places_(where), options_(options), part_bytes_(part_bytes) {}

task<result<part_outcome>> cut_files::share_out(tool::copy_share::open_content content,
                                                std::vector<tool::extent> data, bool compares) {
  const tool::file_job& job = content.job;
  const struct stat& about = content.ends.about;
  file_part part{.where = places_.spot_of(job.where),
                 .name = job.source_name,
                 .temporary = content.temporary,
                 .inode = about.st_ino,
                 .size = about.st_size,
                 .seconds = about.st_mtim.tv_sec,
                 .nanoseconds = about.st_mtim.tv_nsec,
                 .compares = compares,
                 .follow = job.follow,
                 .owner = box_.rank(),
                 .ticket = ++last_ticket_};
  const auto size = static_cast<std::uint64_t>(about.st_size);
  // Not only here: whoever aborts this task leaves parts that are still told.
  const auto here = std::make_shared<waiting>();
  message_writer cuts;
  cuts.put(talk::cuts);
  auto next = data.begin();
  while (next != data.end() && next->begin < size) {
    part.begin = next->begin / part_bytes_ * part_bytes_;
    part.end = std::min(part.begin + part_bytes_, size);
    put(cuts, part);
    ++here->left;
    next->begin = part.end;
    while (next != data.end() && next->end <= part.end) ++next;
    if (next != data.end()) next->begin = std::max(next->begin, part.end);
  }
  if (here->left == 0) co_return here->worst;
  tickets_[part.ticket] = here;
  box_.send(0, cuts.take());
  const tool::descriptor_line::waiter waits(copier_->line());
  const auto all = co_await here->all.wait();
  tickets_.erase(part.ticket);
  if (!all) co_return std::unexpected(all.error());
  co_return here->worst;
}

void cut_files::take_done(message_reader& what) {
  const auto ticket = what.take<std::uint64_t>();
  const part_outcome done = take_part_outcome(what);
  const auto known = tickets_.find(ticket);
  if (known == tickets_.end()) return;  // nobody waits for it any more
  waiting& here = *known->second;
  if (done.outweighs(here.worst)) here.worst = done;
  if (--here.left == 0) here.all.set();
}

task<result<copied_content>> cut_files::copy(tool::copy_share::open_content content,
                                             tool::content_progress& progress) {
  copied_content done;
  const tool::content_wishes wishes{options_.reflink, options_.sparse, &copier_->limit()};
  if (auto shared = tool::share_content(content.ends, wishes, done, progress)) co_return *shared;
  done.size = static_cast<std::uint64_t>(content.ends.about.st_size);
  tool::data_map data = tool::data_to_copy(content.ends, options_.sparse);
  progress.failed_at(0, step::writing);
  tool::descriptor_line::stay stay;
  for (;;) {
    const auto room = co_await tool::make_room_for_parts(content.ends, data);
    if (room) break;
    const bool again =
        tool::out_of_descriptors(room.error()) && co_await stay.wait(copier_->line(), room.error());
    if (!again) co_return std::unexpected(room.error());
  }
  stay.leave();
  const int why = done.way.reflink_error;
  const auto worst = co_await share_out(std::move(content), std::move(data.extents), false);
  if (!worst) co_return std::unexpected(worst.error());
  progress.failed_at(worst->offset, worst->step);
  if (worst->error == ECANCELED) co_return std::unexpected(make_error_code(errc::canceled));
  if (worst->error != 0)
    co_return std::unexpected(std::error_code(worst->error, std::system_category()));
  if (worst->ends_early) co_return std::unexpected(make_error_code(errc::end_of_file));
  done.way = worst->way;
  done.way.reflink_error = why;
  co_return done;
}

task<result<bool>> cut_files::compare(tool::copy_share::open_content content) {
  const auto size = static_cast<std::uint64_t>(content.ends.about.st_size);
  struct stat made{};
  if (::fstat(content.ends.to.fd(), &made) != 0) co_return std::unexpected(tool::last_error());
  if (made.st_size != content.ends.about.st_size) co_return false;
  // What is a hole of both is not read.
  std::vector<tool::extent> data = tool::united(tool::data_of(content.ends.from.fd(), size).extents,
                                                tool::data_of(content.ends.to.fd(), size).extents);
  const auto worst = co_await share_out(std::move(content), std::move(data), true);
  if (!worst) co_return std::unexpected(worst.error());
  if (worst->error != 0)
    co_return std::unexpected(std::error_code(worst->error, std::system_category()));
  co_return !worst->differs && !worst->ends_early;
}

}  // namespace carousel_mpi
