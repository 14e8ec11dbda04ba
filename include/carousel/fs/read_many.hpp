#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <utility>
#include <vector>

#include "carousel/fs/file.hpp"
#include "carousel/join_handle.hpp"
#include "carousel/spawn.hpp"
#include "carousel/stop_on.hpp"
#include "carousel/sync/event.hpp"

namespace carousel {

/// Where a buffer is to be filled from: its capacity, from `offset` bytes on.
template <io_buf_mut B>
struct wanted_extent {
  B buf;
  std::uint64_t offset = 0;
};

namespace detail {

/// What the tasks of one read_many() share, which may outlive it.
template <class B>
struct many_reads {
  file from;
  std::vector<wanted_extent<B>> wanted;
  std::vector<std::optional<buf_result<std::size_t, B>>> answers;
  std::size_t begun = 0;
  std::size_t tasks = 0;
  event all_over;
  std::stop_source stop;

  many_reads(file f, std::vector<wanted_extent<B>> w)
      : from(std::move(f)), wanted(std::move(w)), answers(wanted.size()) {}
};

struct reader_presence {
  std::size_t& tasks;
  event& all_over;
  ~reader_presence() {
    if (--tasks == 0) all_over.set();
  }
};

/// One of them takes the next extent after the other. What it brings is an int, so that no request
/// to stop ends the wait for it.
template <class B>
task<int> read_in_turn(std::shared_ptr<many_reads<B>> all) {
  const reader_presence here{all->tasks, all->all_over};
  while (all->begun < all->wanted.size()) {
    const std::size_t i = all->begun++;
    auto& [buf, offset] = all->wanted[i];
    all->answers[i] =
        co_await stop_on(all->stop.get_token(), all->from.read_at(std::move(buf), offset));
  }
  co_return 0;
}

struct stop_at_end {
  std::stop_source& stop;
  ~stop_at_end() { stop.request_stop(); }
};

}  // namespace detail

/// Reads many extents of a file in one call, at most `at_once` of them at a time, begun in their
/// order: for who has gathered what he needs, as storage engines do. Gives what read_at() gives for
/// each, in the order of `wanted`, and each buffer comes back, whatever becomes of the others.
/// Extents may overlap; each buffer is its own. Throws std::bad_alloc; what has begun then ends
/// canceled, and its buffers are destroyed, which sends leases home.
///
/// A request to stop reaches all: those under way end as read_at() does, the rest with canceled.
/// Destroying the task asks them to stop behind its back, and the file stays open until they have.
template <io_buf_mut B>
task<std::vector<buf_result<std::size_t, B>>> read_many(file from,
                                                        std::vector<wanted_extent<B>> wanted,
                                                        std::size_t at_once = 64) {
  CAROUSEL_ASSERT(at_once > 0, "read_many() has one read at a time at least under way");
  const auto all = std::make_shared<detail::many_reads<B>>(std::move(from), std::move(wanted));
  const detail::stop_at_end left{all->stop};
  std::vector<join_handle<int>> readers;
  const std::size_t tasks = std::min(at_once, all->wanted.size());
  readers.reserve(tasks);
  for (; all->tasks < tasks; ++all->tasks) readers.push_back(spawn(detail::read_in_turn<B>, all));
  if (!readers.empty()) {
    const result<> over = co_await all->all_over.wait();
    if (!over) all->stop.request_stop();
  }
  for (auto& reader : readers) (void)co_await std::move(reader);
  std::vector<buf_result<std::size_t, B>> answers;
  answers.reserve(all->answers.size());
  for (auto& answer : all->answers) answers.push_back(std::move(*answer));
  co_return answers;
}

}  // namespace carousel
