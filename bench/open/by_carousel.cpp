#include <carousel/carousel.hpp>

#include "common/need.hpp"
#include "open/files.hpp"

namespace bench {
namespace {

using namespace carousel;

task<> read_files(const fixed_buf_pool& pool, open_options options, std::uint64_t& left,
                  small_files& files) {
  auto lease = *co_await pool.next(small_files::bytes);
  while (left > 0) {
    --left;
    const unsigned which = files.next();
    auto opened = co_await file::open(files.paths()[which], options);
    if (!opened) fail(opened.error().message());
    auto [res, back] = co_await opened->read_fixed_at(std::move(lease), 0);
    files.check(res ? static_cast<std::int64_t>(*res) : -res.error().value(), back.bytes().data(),
                which);
    lease = std::move(back);
    const auto closed = co_await std::move(*opened).close();
    if (!closed) fail(closed.error().message());
  }
}

class tasks final : public reader {
 public:
  tasks(unsigned depth, open_options options)
      : depth_(depth),
        options_(options),
        runtime_(need(runtime::make())),
        pool_(need(fixed_buf_pool::make({{small_files::bytes, depth}}))) {
    runtime_.block_on([](const fixed_buf_pool& pool) -> task<> {
      if (!pool.register_buffers() || pool.registered() != registration::fixed)
        fail("the kernel refused to register the buffers (see ulimit -l)");
      co_return;
    }(pool_));
  }

  void run(std::uint64_t count, small_files& files) override {
    runtime_.block_on(read_all(count, files));
  }

 private:
  task<> read_all(std::uint64_t count, small_files& files) {
    std::vector<join_handle<void>> readers;
    readers.reserve(depth_);
    for (unsigned i = 0; i < depth_; ++i)
      readers.push_back(
          spawn(read_files, std::cref(pool_), options_, std::ref(count), std::ref(files)));
    for (auto& r : readers) co_await std::move(r);
  }

  unsigned depth_;
  open_options options_;
  runtime runtime_;
  fixed_buf_pool pool_;
};

}  // namespace

std::unique_ptr<reader> open_by_carousel(unsigned depth) {
  return std::make_unique<tasks>(depth, open_options{}.ring_only(true));
}
std::unique_ptr<reader> open_by_carousel_with_descriptors(unsigned depth) {
  return std::make_unique<tasks>(depth, open_options{});
}

}  // namespace bench
