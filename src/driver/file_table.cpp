#include "carousel/detail/driver/file_table.hpp"

#include <unistd.h>

#include <algorithm>
#include <new>
#include <span>
#include <utility>

#include "base/state_assert.hpp"
#include "carousel/detail/base/thread_mark.hpp"
#include "sys/kernel.hpp"

namespace carousel::detail {
namespace {

constexpr std::int16_t table_entries = 1024;

}  // namespace

void file_table::open(sys::kernel& kernel) noexcept {
  kernel_ = &kernel;
  thread_ = &thread_mark;
}

void file_table::make() noexcept {
  asked_ = true;
  try {
    free_.reserve(table_entries);
    entries_.reserve(table_entries);
  } catch (const std::bad_alloc&) {
    return;
  }
  if (kernel_->register_files(table_entries) != 0) return;
  entries_.resize(table_entries);
  for (std::int16_t i = table_entries; i-- > 0;) free_.push_back(i);
}

file_table::~file_table() {
  clear();
  CAROUSEL_ASSERT_STATE(free_.size() == entries_.size(),
                        "operations have kept entries of the file table beyond the driver's end: "
                        "%zu of %zu are free",
                        free_.size(), entries_.size());
}

void file_table::clear() noexcept {
  for (descriptor* file : entries_) {
    if (file != nullptr) remove(*file);
  }
}

void file_table::add(descriptor& file) noexcept {
  file_entry entry = reserve();
  if (!entry || kernel_->update_file(static_cast<unsigned>(entry.index_), file.fd) != 1) return;
  entry.settle(file);
}

file_entry file_table::reserve() noexcept {
  if (!asked_) [[unlikely]]
    make();
  if (free_.empty()) return {};
  const std::int16_t index = free_.back();
  free_.pop_back();
  return {*this, index};
}

void file_table::give_back(const file_entry& gone) noexcept {
  CAROUSEL_ASSERT(thread_ == &thread_mark || forks_ != forks,
                  "a file that operations have used belongs to the thread of their runtime until "
                  "that ends");
  CAROUSEL_DEBUG_ASSERT(
      free_.size() < entries_.size(),
      "an entry of the file table was given back twice: number %d, and all %zu are free",
      gone.index_, free_.size());
  if (gone.holds_file_ && forks_ == forks)
    (void)kernel_->update_file(static_cast<unsigned>(gone.index_), -1);
  free_.push_back(gone.index_);
}

std::uint32_t file_table::direct_operations() const noexcept {
  std::uint32_t all = 0;
  for (std::size_t i = 0; i < direct_count_; ++i) all += direct_[i]->started;
  return all;
}

void file_table::take_in(descriptor& file) noexcept {
  if (file.table == nullptr) add(file);
  if (file.table != this) return;
  ::close(std::exchange(file.fd, -1));
  file.state = file_state::ring_only;
}

file_entry file_table::take_out(descriptor& file) noexcept {
  file_table& table = *std::exchange(file.table, nullptr);
  const std::int16_t index = std::exchange(file.table_index, std::int16_t{-1});
  table.entries_[static_cast<std::size_t>(index)] = nullptr;
  const auto direct = std::span(table.direct_).first(table.direct_count_);
  if (const auto at = std::ranges::find(direct, &file); at != direct.end()) {
    *at = direct.back();
    --table.direct_count_;
  }
  file_entry taken(table, index);
  taken.note_opened();
  return taken;
}

void file_table::remove(descriptor& file) noexcept {
  (void)take_out(file);
  file.uses = 0;
}

void file_entry::give_back() noexcept { table_->give_back(*this); }

fd_ref file_entry::adopt() && {
  holds_file_ = true;
  fd_ref made(new descriptor(-1));
  made->state = file_state::ring_only;
  settle(*made.get());
  return made;
}

/// From now on the entry is the descriptor's.
void file_entry::settle(descriptor& file) noexcept {
  table_->entries_[static_cast<std::size_t>(index_)] = &file;
  if (file.memory_align != 0 && table_->direct_count_ < table_->direct_.size())
    table_->direct_[table_->direct_count_++] = &file;
  file.table = std::exchange(table_, nullptr);
  file.table_index = index_;
}

}  // namespace carousel::detail
