#include "bench/stage.hpp"

#include <fcntl.h>

#include <cstring>
#include <span>
#include <utility>
#include <vector>

#include "bench/page_kind.hpp"
#include "common/last_error.hpp"
#include "common/make_runtime.hpp"

namespace carousel::tool::bench {
namespace {

/// A few ordinary pages at the end do not matter; where memory is fragmented there are many.
constexpr double huge_part_min = 0.95;

// Parameters, because nothing that a coroutine lambda captures would live as long as it does.
task<result<>> do_register(fixed_buf_pool pool) { co_return pool.register_buffers(); }
task<result<>> do_unregister(fixed_buf_pool pool) { co_return pool.unregister_buffers(); }

/// From the first to the last buffer: they lie in one mapping.
std::span<std::byte> memory_of(std::vector<fixed_buf>& leases) {
  std::byte* first = leases.front().spare().data();
  std::byte* last = first;
  for (fixed_buf& lease : leases) {
    first = std::min(first, lease.spare().data());
    last = std::max(last, lease.spare().data() + lease.capacity());
  }
  return {first, last};
}

}  // namespace

stage::stage(runtime made, file opened, pages kind) noexcept
    : kind_(kind), runtime_(std::move(made)), file_(std::move(opened)) {}

result<stage> stage::make(int fd, pages kind, unsigned entries) {
  auto made = make_runtime(entries);
  if (!made) return std::unexpected(made.error());
  const int again = ::fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (again < 0) return std::unexpected(last_error());
  return stage(std::move(*made), file::from_fd(again), kind);
}

result<> stage::set_up(std::size_t block_bytes, unsigned depth) {
  clear();
  // Strictly: only then does the pool say why the kernel refused, and plain reads work with it as
  // well.
  auto made = fixed_buf_pool::make(
      {{block_bytes, depth}},
      {.huge = kind_ == pages::huge ? huge_pages::transparent : huge_pages::never, .strict = true});
  if (!made) return std::unexpected(made.error());
  pool_ = std::move(*made);
  {
    std::vector<fixed_buf> leases;
    leases.reserve(depth);
    while (auto lease = pool_->try_next(block_bytes)) leases.push_back(std::move(*lease));
    const std::span<std::byte> memory = memory_of(leases);
    if (kind_ == pages::small) keep_pages_small(memory);
    std::memset(memory.data(), 0, memory.size());
    const double huge = huge_part(memory);
    as_wanted_ = kind_ == pages::huge ? huge >= huge_part_min : huge == 0;
  }
  const auto registered = runtime_.block_on(do_register(*pool_));
  refusal_ = registered ? std::error_code() : registered.error();
  return {};
}

void stage::clear() {
  if (registered()) (void)runtime_.block_on(do_unregister(*pool_));
  pool_.reset();
}

}  // namespace carousel::tool::bench
