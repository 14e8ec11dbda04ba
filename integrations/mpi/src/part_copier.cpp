#include "part_copier.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "common/last_error.hpp"
#include "copy/piecewise_copy.hpp"

namespace carousel_mpi {
namespace {

using carousel::errc;
using carousel::file;
using carousel::fixed_buf;
using carousel::result;
using carousel::task;
using tool::content_ends;
using step = tool::content_progress::step;

result<file> open_in(const carousel::directory& where, const std::string& name,
                     int flags) noexcept {
  const int fd = ::openat(where.fd(), name.c_str(), flags | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return std::unexpected(tool::last_error());
  (void)::fcntl(fd, F_SETFL, 0);
  return file::from_fd(fd);
}

/// Still the file that its owner has opened; who adds to it meanwhile is noticed there.
bool is_the_one(const struct stat& about, const file_part& part) noexcept {
  return S_ISREG(about.st_mode) && about.st_ino == part.inode && about.st_size >= part.size;
}

/// For another process, which has the same numbers.
std::int32_t number_of(const std::error_code& why) noexcept {
  if (why == errc::canceled) return ECANCELED;
  return why.category() == std::system_category() || why.category() == std::generic_category()
             ? why.value()
             : EIO;
}

}  // namespace

part_copier::part_copier(mailbox& box, places& where, const tool::copy_options& options,
                         storage_watch& watch, tool::copy_report& report)
    : box_(box), places_(where), options_(options), watch_(watch), report_(report) {}

void part_copier::take_part(file_part part) {
  asked_ = need::none;
  parts_.push_back(std::move(part));
  came_.set();
}

void part_copier::ask(need how_much) {
  if (out_ || asked_ >= how_much) return;
  asked_ = how_much;
  box_.send(0, message_writer().put(talk::asks_part).put(how_much).take());
}

void part_copier::give_back(const file_part& part) {
  message_writer back;
  back.put(talk::cuts);
  put(back, part);
  box_.send(0, back.take());
}

task<> part_copier::copy_parts() {
  for (;;) {
    if (parts_.empty()) {
      ask(need::now);
      const auto came = co_await came_.wait();
      if (!came) co_return;
      came_.reset();
      continue;
    }
    file_part part = std::move(parts_.front());
    parts_.pop_front();
    if (out_) {
      give_back(part);
      continue;
    }
    busy_ = true;
    ask(need::soon);
    tries all;
    const part_outcome done = co_await copy_in_line(part, all);
    busy_ = false;
    const std::error_code why(done.error, std::system_category());
    if (all.reached) {
      watch_.reached();
    } else if (watch_.is_for_others(part.where, why, part.not_for)) {
      part.not_for = box_.rank();
      give_back(part);
      continue;
    }
    message_writer told;
    told.put(talk::part_done).put(part.ticket);
    put(told, done);
    box_.send(part.owner, told.take());
  }
}

/// As often as it takes to find descriptors, but not until files have them back that wait for parts
/// themselves: perhaps for this one.
task<part_outcome> part_copier::copy_in_line(const file_part& part, tries& all) {
  for (;;) {
    part_outcome done;
    {
      const tool::descriptor_line::holder holds(copier_->line());
      done = co_await copy(part, all);
    }
    const std::error_code why(done.error, std::system_category());
    if (all.settles || !tool::out_of_descriptors(why)) co_return done;
    const bool waited = co_await all.stay.wait(copier_->line(), why);
    all.settles = !waited;
  }
}

task<part_outcome> part_copier::copy(const file_part& part, tries& all) {
  part_outcome failed{.offset = part.begin};
  tool::handles open;
  if (const auto where = places_.at(part.where, open); !where) {
    failed.error = number_of(where.error());
    co_return failed;
  }
  auto from = open_in(open.source, part.name, O_RDONLY | (part.follow ? 0 : O_NOFOLLOW));
  if (!from) {
    failed.error = number_of(from.error());
    co_return failed;
  }
  struct stat about{};
  if (::fstat(from->fd(), &about) != 0) {
    failed.error = number_of(tool::last_error());
    co_return failed;
  }
  if (!is_the_one(about, part)) {
    failed.ends_early = !part.compares;
    failed.differs = part.compares;
    co_return failed;
  }
  auto to = open_in(open.target, part.temporary, O_RDWR | O_NOFOLLOW);
  if (!to) {
    failed.error = number_of(to.error());
    failed.step = step::writing;
    co_return failed;
  }
  all.stay.leave();
  all.reached = true;
  about.st_size = part.size;
  about.st_mtim = {part.seconds, part.nanoseconds};
  content_ends ends{std::move(*from), std::move(*to), about};
  if (part.compares) co_return co_await compare(part, std::move(ends));
  co_return co_await write(part, std::move(ends), all.settles);
}

task<part_outcome> part_copier::write(const file_part& part, content_ends ends, bool settles) {
  part_outcome done;
  tool::data_map data = tool::data_to_copy(ends, options_.sparse, {part.begin, part.end});
  tool::content_progress progress(report_.bytes);
  const tool::content_wishes wishes{options_.reflink, options_.sparse, &copier_->limit(), settles};
  const auto copied = co_await tool::copy_in_pieces(ends, std::move(data), copier_->buffers(),
                                                    wishes, done.way, progress);
  done.offset = progress.failed_offset();
  done.step = progress.failed_step();
  if (!copied) {
    done.ends_early = copied.error() == errc::end_of_file;
    done.error = done.ends_early ? 0 : number_of(copied.error());
    co_return done;
  }
  done.ends_early = *copied < part.end;
  done.step = step::writing;
  if (options_.sync != tool::sync_wish::none) {
    const auto synced = co_await ends.to.sync_data();
    if (!synced) done.error = number_of(synced.error());
  }
  // Errors of writes that went on behind it come with the close.
  auto closing = std::move(ends.to).close();
  const auto closed = co_await std::move(closing);
  if (!closed && done.error == 0) done.error = number_of(closed.error());
  co_return done;
}

/// The copy from storage, where the page cache can be made to forget it.
task<part_outcome> part_copier::compare(const file_part& part, content_ends ends) {
  part_outcome done{.offset = part.begin};
  const auto written = co_await ends.to.sync_data();
  const auto begin = static_cast<off_t>(part.begin);
  (void)posix_fadvise(ends.to.fd(), begin, static_cast<off_t>(part.end - part.begin),
                      POSIX_FADV_DONTNEED);
  auto one = co_await copier_->buffers().small();
  if (!written || !one) {
    done.error = number_of(written ? one.error() : written.error());
    co_return done;
  }
  // Half of the lease for each file: nobody waits for a second one while holding the first.
  fixed_buf lease = std::move(*one);
  const std::size_t half = lease.capacity() / 2;
  std::vector<std::byte> original(half);
  for (std::uint64_t at = part.begin; at < part.end;) {
    const std::size_t length = std::min<std::uint64_t>(half, part.end - at);
    lease.clear();
    auto read = co_await ends.from.read_exact_at(std::move(lease).slice(0, length), at);
    lease = std::move(read.buf).into_inner();
    if (read.res) {
      std::memcpy(original.data(), std::as_const(lease).bytes().data(), length);
      lease.clear();
      read = co_await ends.to.read_exact_at(std::move(lease).slice(0, length), at);
      lease = std::move(read.buf).into_inner();
    }
    done.offset = at;
    if (!read.res) {
      done.differs = read.res.error() == errc::end_of_file;
      done.error = done.differs ? 0 : number_of(read.res.error());
      co_return done;
    }
    done.differs = std::memcmp(original.data(), std::as_const(lease).bytes().data(), length) != 0;
    if (done.differs) co_return done;
    at += length;
  }
  co_return done;
}

}  // namespace carousel_mpi
