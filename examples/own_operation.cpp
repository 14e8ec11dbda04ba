// An operation that the library does not have: sync_file_range(2) through the ring.

#include <fcntl.h>

#include <cstdint>
#include <cstdio>

#include "carousel/carousel.hpp"
#include "carousel/ext/operation.hpp"

using namespace carousel;

namespace {

struct sync_range_call : ext::file_operation {
  std::uint64_t offset;
  std::uint32_t bytes;  // 0: to the end of the file
  std::uint32_t how;    // SYNC_FILE_RANGE_*

  using resources = ext::nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  using completions = ext::one_completion;
  using begins = ext::begins_at_once;
  using holds = ext::holds_a_file;
  resources held;

  static constexpr ext::opcode sync_range{8};  // IORING_OP_SYNC_FILE_RANGE, Linux 5.2

  ext::failure_code check(const ext::driver& io) const noexcept {
    return io.supports(sync_range) ? check_file(io) : ext::failure(errc::not_supported);
  }
  void encode(ext::driver& io, ext::slot&, ext::request& r) const noexcept {
    r.code = sync_range;
    r.offset = offset;
    r.length = bytes;
    r.op_flags = how;
    name_file(io, r);
  }
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept {
    if (res < 0) return std::unexpected(ext::kernel_error(res));
    return {};
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

/// Of all of the file.
ext::operation<sync_range_call> sync_range(const file& f, std::uint32_t how) {
  return ext::operation<sync_range_call>(std::in_place_type<sync_range_call>, f.hold(), 0U, 0U, how,
                                         ext::nothing{});
}

/// What the page cache has goes to the disk now, and nobody waits for it.
task<> write_back(const char* path) {
  const file in = (co_await file::open(path)).value();
  const result<> done = co_await sync_range(in, SYNC_FILE_RANGE_WRITE);
  std::printf("%s: %s\n", path, done ? "is being written back" : done.error().message().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  start([&] { return write_back(argc > 1 ? argv[1] : "/etc/hostname"); });
}
