#include "common/work.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <random>
#include <system_error>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{1} << 20U;

thread_local double started_by_thread = 0;  ///< 0: nothing is in flight

std::string at(std::uint64_t offset) { return " at offset " + std::to_string(offset); }

}  // namespace

work::work(const plan& p) : plan_(p), multiplier_(p.zeroes ? 0 : 0x9e3779b97f4a7c15U) {
  if (p.block < 16 || p.block % 8 != 0) fail("a block is a multiple of 8 bytes, 16 at least");
  if (p.depth == 0 || p.span / p.block < p.depth) fail("the span has fewer blocks than the depth");
  offsets_.resize(p.span / p.block);
  for (std::size_t i = 0; i < offsets_.size(); ++i) offsets_[i] = i * p.block;
  if (!p.sequential) std::ranges::shuffle(offsets_, std::mt19937_64(42));
}

void work::wrong_size(std::int64_t result, std::uint64_t offset) const {
  if (result < 0)
    fail("a transfer failed" + at(offset) + ": " +
         std::generic_category().message(static_cast<int>(-result)));
  fail("a transfer" + at(offset) + " was short: " + std::to_string(result) + " of " +
       std::to_string(plan_.block) + " bytes");
}

void work::wrong_bytes(std::uint64_t offset) const {
  fail("wrong bytes came from the block" + at(offset));
}

void work::check_all(const std::byte* buffer, std::uint64_t offset) const {
  for (std::size_t i = 0; i < plan_.block; i += 8) {
    if (load(buffer + i) != word(offset + i)) wrong_bytes(offset);
  }
}

void work::time_transfers(latency_histogram* into) {
  started_.resize(into == nullptr ? 0 : offsets_.size());
  latency_ = into;
}

void work::note_start(std::uint64_t offset) noexcept {
  started_[offset / plan_.block] = now_seconds();
}

void work::note_start_of_thread() noexcept { started_by_thread = now_seconds(); }

void work::note_end(std::uint64_t offset) {
  const double now = now_seconds();
  const double started = std::exchange(started_by_thread, 0);
  const double took = now - (started != 0 ? started : started_[offset / plan_.block]);
  const std::scoped_lock lock(counting_);
  latency_->add(static_cast<std::uint64_t>(took * 1e9));
}

void work::verify_writes(std::uint64_t count) const {
  const int fd = ::open(plan_.path.c_str(), O_RDONLY | O_CLOEXEC | (plan_.direct ? O_DIRECT : 0));
  if (fd < 0) fail_errno(plan_.path);
  const pages memory(plan_.block);
  for (std::uint64_t i = 0; i < std::min<std::uint64_t>(count, lap()); ++i) {
    const std::uint64_t offset = offsets_[(first_ + i) % offsets_.size()];
    if (::pread(fd, memory.data(), plan_.block, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(plan_.block))
      fail("cannot read back the block" + at(offset));
    if (load(memory.data()) != (word(offset) ^ slice_) ||
        load(memory.data() + plan_.block - 8) != (word(offset + plan_.block - 8) ^ slice_))
      fail("the file does not have what was written" + at(offset));
  }
  ::close(fd);
}

void work::write_file() const {
  if (plan_.zeroes) return;
  const int fd = ::open(plan_.path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) fail_errno(plan_.path);
  std::vector<std::byte> chunk(std::min(chunk_bytes, plan_.span));
  for (std::uint64_t offset = 0; offset < plan_.span; offset += chunk.size()) {
    const std::size_t bytes = std::min<std::size_t>(chunk.size(), plan_.span - offset);
    for (std::size_t i = 0; i < bytes; i += 8) store(chunk.data() + i, word(offset + i));
    if (::pwrite(fd, chunk.data(), bytes, static_cast<off_t>(offset)) !=
        static_cast<ssize_t>(bytes))
      fail_errno(plan_.path);
  }
  if (::fsync(fd) != 0) fail_errno(plan_.path);
  ::close(fd);
}

}  // namespace bench
