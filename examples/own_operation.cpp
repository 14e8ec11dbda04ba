// An operation that the library does not have: posix_fadvise(2) through the ring.

#include <fcntl.h>

#include <cstdint>
#include <cstdio>

#include "carousel/carousel.hpp"
#include "carousel/ext/operation.hpp"

using namespace carousel;

namespace {

struct advise_call : ext::file_operation {
  std::uint64_t offset;
  std::uint32_t bytes;  // 0: to the end of the file
  int advice;           // POSIX_FADV_*

  using resources = ext::nothing;
  using output = result<>;
  using lends = ext::lends_nothing;
  using unclaimed = ext::result_owns_nothing;
  resources held;

  static constexpr ext::opcode fadvise{24};  // IORING_OP_FADVISE, Linux 5.6

  ext::failure_code check(const ext::driver& io) const noexcept {
    return io.supports(fadvise) ? check_file(io) : ext::failure(errc::not_supported);
  }
  void encode(ext::driver& io, ext::slot&, ext::request& r) const noexcept {
    r.code = fadvise;
    r.offset = offset;
    r.length = bytes;
    r.op_flags = static_cast<std::uint32_t>(advice);
    name_file(io, r);
  }
  static output complete(std::int32_t res, resources&, ext::slot&) noexcept {
    if (res < 0) return std::unexpected(ext::kernel_error(res));
    return {};
  }
  static output fail(std::error_code error, resources&&) noexcept { return std::unexpected(error); }
};

ext::operation<advise_call> advise(const file& f, int advice) {
  return ext::operation<advise_call>(std::in_place_type<advise_call>, f.hold(), 0U, 0U, advice,
                                     ext::nothing{});
}

task<> read_ahead(const char* path) {
  const file in = (co_await file::open(path)).value();
  const result<> done = co_await advise(in, POSIX_FADV_WILLNEED);
  std::printf("%s: %s\n", path, done ? "will be read ahead" : done.error().message().c_str());
}

}  // namespace

int main(int argc, char** argv) {
  start([&] { return read_ahead(argc > 1 ? argv[1] : "/etc/hostname"); });
}
