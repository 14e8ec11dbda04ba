#include <unistd.h>

#include <carousel/carousel.hpp>
#include <vector>

#include "common/need.hpp"
#include "copy/engine.hpp"

namespace bench {
namespace {

using namespace carousel;

std::int64_t count_of(const result<std::size_t>& res) {
  return res ? static_cast<std::int64_t>(*res) : -res.error().value();
}

class carousel_copier final : public copier {
 public:
  carousel_copier(const plan& p, const copy_files& files, copy_memory memory)
      : plan_(p),
        registered_(memory.registered),
        runtime_(need(runtime::make())),
        pool_(need(fixed_buf_pool::make(
            {{p.block, p.depth}},
            {.huge = memory.huge ? huge_pages::transparent : huge_pages::never}))),
        in_(file::from_fd(::dup(files.in))),
        out_(file::from_fd(::dup(files.out))) {
    if (!registered_) return;
    runtime_.block_on([](const fixed_buf_pool& pool) -> task<> {
      if (!pool.register_buffers() || pool.registered() != registration::fixed)
        fail("the kernel refused to register the buffers (see ulimit -l)");
      co_return;
    }(pool_));
  }

  void run(work& source) override { runtime_.block_on(copy_all(source)); }

 private:
  task<> copy_all(work& source) {
    std::uint64_t left = source.lap();
    std::vector<join_handle<void>> movers;
    movers.reserve(plan_.depth);
    for (unsigned i = 0; i < plan_.depth; ++i)
      movers.push_back(spawn(
          [](carousel_copier& self, std::uint64_t& todo, work& w) {
            return self.registered_ ? self.move_blocks<true>(todo, w)
                                    : self.move_blocks<false>(todo, w);
          },
          std::ref(*this), std::ref(left), std::ref(source)));
    for (auto& m : movers) co_await std::move(m);
    const auto synced = co_await out_.sync_data();
    if (!synced) fail(synced.error().message());
  }

  template <bool Fixed>
  task<> move_blocks(std::uint64_t& left, work& source) {
    auto lease = *co_await pool_.next(plan_.block);
    while (left > 0) {
      --left;
      const std::uint64_t offset = source.next();
      if constexpr (Fixed) {
        auto [read, full] = co_await in_.read_fixed_at(std::move(lease), offset);
        source.check(count_of(read), full.bytes().data(), offset);
        auto [written, empty] = co_await out_.write_fixed_at(std::move(full), offset);
        source.check(count_of(written), empty.bytes().data(), offset);
        lease = std::move(empty);
      } else {
        auto [read, full] = co_await in_.read_at(std::move(lease), offset);
        source.check(count_of(read), full.bytes().data(), offset);
        auto [written, empty] = co_await out_.write_at(std::move(full), offset);
        source.check(count_of(written), empty.bytes().data(), offset);
        lease = std::move(empty);
      }
    }
  }

  plan plan_;
  bool registered_;
  runtime runtime_;
  fixed_buf_pool pool_;
  file in_;
  file out_;
};

}  // namespace

std::unique_ptr<copier> copy_by_carousel(const plan& p, const copy_files& files,
                                         copy_memory memory) {
  return std::make_unique<carousel_copier>(p, files, memory);
}

}  // namespace bench
