#include <unistd.h>

#include <carousel/carousel.hpp>

#include "common/need.hpp"
#include "transfer/engine.hpp"

namespace bench {
namespace {

using namespace carousel;

std::int64_t count_of(const result<std::size_t>& res) {
  return res ? static_cast<std::int64_t>(*res) : -res.error().value();
}

template <bool Writes, bool Fixed>
auto transfer_at(const file& f, fixed_buf&& lease, std::uint64_t offset) {
  if constexpr (Writes && Fixed) {
    return f.write_fixed_at(std::move(lease), offset);
  } else if constexpr (Writes) {
    return f.write_at(std::move(lease), offset);
  } else if constexpr (Fixed) {
    return f.read_fixed_at(std::move(lease), offset);
  } else {
    return f.read_at(std::move(lease), offset);
  }
}

/// One of `depth` tasks. They share `left`, as the slots of the other rivals do.
template <bool Writes, bool Fixed>
task<> mover(const file& f, const fixed_buf_pool& pool, std::uint64_t& left, work& w, bool keep) {
  const std::size_t block = w.what().block;
  // With fewer buffers than tasks, the last ones may get theirs when all is done.
  auto lease = *co_await pool.next(block);
  while (left > 0) {
    --left;
    const std::uint64_t offset = w.next();
    if constexpr (Writes) {
      lease.clear();
      w.stamp(lease.spare().data(), offset);
      lease.commit(block);
    }
    auto [res, back] = co_await transfer_at<Writes, Fixed>(f, std::move(lease), offset);
    w.check(count_of(res), back.bytes().data(), offset);
    if (keep) {
      lease = std::move(back);
    } else {
      {
        const fixed_buf returned = std::move(back);
      }
      lease = *co_await pool.next(block);
    }
  }
}

class carousel_tasks final : public engine {
 public:
  carousel_tasks(const plan& p, int fd, memory_kind memory)
      : plan_(p),
        memory_(memory),
        runtime_(need(runtime::make())),
        pool_(need(fixed_buf_pool::make(
            {{p.block, memory.buffers == 0 ? p.depth : memory.buffers}},
            {.huge = memory.huge ? huge_pages::transparent : huge_pages::never}))),
        file_(file::from_fd(::dup(fd), open_options{}.inline_io(memory.inline_io))) {
    runtime_.block_on([](carousel_tasks& self) -> task<> {
      if (self.memory_.registered &&
          (!self.pool_.register_buffers() || self.pool_.registered() != registration::fixed))
        fail("the kernel refused to register the buffers (see ulimit -l)");
      // All pages are there before the first slice.
      while (auto lease = self.pool_.try_next(self.plan_.block)) {
        lease->resize(self.plan_.block);
        self.first_touch_.push_back(std::move(*lease));
      }
      self.first_touch_.clear();
      co_return;
    }(*this));
  }

  void run(std::uint64_t count, work& w) override { runtime_.block_on(run_all(count, w)); }

 private:
  task<> run_all(std::uint64_t count, work& w) {
    std::vector<join_handle<void>> movers;
    movers.reserve(plan_.depth);
    const auto one = plan_.writes
                         ? (memory_.registered ? &mover<true, true> : &mover<true, false>)
                         : (memory_.registered ? &mover<false, true> : &mover<false, false>);
    for (unsigned i = 0; i < plan_.depth; ++i)
      movers.push_back(spawn(one, std::cref(file_), std::cref(pool_), std::ref(count), std::ref(w),
                             memory_.kept));
    for (auto& m : movers) co_await std::move(m);
  }

  plan plan_;
  memory_kind memory_;
  runtime runtime_;
  fixed_buf_pool pool_;
  file file_;
  std::vector<fixed_buf> first_touch_;
};

}  // namespace

std::unique_ptr<engine> by_carousel(const plan& p, int fd, memory_kind memory) {
  return std::make_unique<carousel_tasks>(p, fd, memory);
}

}  // namespace bench
