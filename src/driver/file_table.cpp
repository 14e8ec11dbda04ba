#include "carousel/detail/file_table.hpp"

#include "carousel/detail/assert.hpp"
#include "carousel/detail/thread_mark.hpp"
#include "sys/kernel.hpp"

namespace carousel::detail {
namespace {

constexpr std::int32_t entries = 1024;

}  // namespace

void file_table::open(sys::kernel& kernel) {
  if (kernel.register_files(entries) != 0) return;
  kernel_ = &kernel;
  thread_ = &thread_mark;
  entries_.resize(entries);
  free_.reserve(entries);
  for (std::int32_t i = entries; i-- > 0;) free_.push_back(i);
}

file_table::~file_table() { clear(); }

void file_table::clear() noexcept {
  for (descriptor* file : entries_) {
    if (file != nullptr) leave(*file);
  }
}

void file_table::enter(descriptor& file) noexcept {
  if (free_.empty()) return;
  const std::int32_t index = free_.back();
  if (kernel_->update_file(static_cast<unsigned>(index), file.fd) != 1) return;
  free_.pop_back();
  entries_[static_cast<std::size_t>(index)] = &file;
  file.table = this;
  file.table_index = index;
}

void file_table::leave(descriptor& file) noexcept {
  CAROUSEL_ASSERT(thread_ == &thread_mark || forks_ != forks,
                  "a file that operations have used belongs to the thread of their runtime until "
                  "that ends");
  if (forks_ == forks) (void)kernel_->update_file(static_cast<unsigned>(file.table_index), -1);
  entries_[static_cast<std::size_t>(file.table_index)] = nullptr;
  free_.push_back(file.table_index);
  file.table = nullptr;
  file.table_index = -1;
  file.uses = 0;
}

}  // namespace carousel::detail
