#include <carousel/carousel.hpp>

#include "common/need.hpp"
#include "socket/exchange.hpp"

namespace bench {
namespace {

using namespace carousel;

template <class R>
fixed_buf whole(R&& transfer) {
  if (!transfer.res) fail("a transfer of a socket failed: " + transfer.res.error().message());
  return std::move(transfer.buf);
}

template <bool Exact, class Stream>
task<> asker(const Stream& peer, const exchange& what, fixed_buf& lease, std::uint64_t left) {
  for (; left > 0; --left) {
    lease.resize(what.bytes);
    stamp(lease.bytes().data(), what, left);
    if constexpr (Exact) {
      auto sent = co_await peer.write_all(std::move(lease));
      lease = whole(std::move(sent));
      lease.clear();
      auto came = co_await peer.read_exact(std::move(lease));
      lease = whole(std::move(came));
    } else {
      auto sent = co_await peer.write(std::move(lease));
      lease = whole(std::move(sent));
      lease.clear();
      auto came = co_await peer.read(std::move(lease));
      lease = whole(std::move(came));
      if (lease.size() < what.bytes) fail("a message came in parts");
    }
    check_answer(lease.bytes().data(), what, left);
  }
}

template <bool Exact, class Stream>
task<> answerer(const Stream& peer, fixed_buf& lease, std::uint64_t left) {
  for (; left > 0; --left) {
    lease.clear();
    if constexpr (Exact) {
      auto came = co_await peer.read_exact(std::move(lease));
      lease = whole(std::move(came));
      auto sent = co_await peer.write_all(std::move(lease));
      lease = whole(std::move(sent));
    } else {
      auto came = co_await peer.read(std::move(lease));
      lease = whole(std::move(came));
      auto sent = co_await peer.write(std::move(lease));
      lease = whole(std::move(sent));
    }
  }
}

template <bool Exact, class Stream>
class carousel_tasks final : public exchange_engine {
 public:
  explicit carousel_tasks(const exchange& what)
      : what_(what),
        runtime_(need(runtime::make())),
        pool_(need(fixed_buf_pool::make({{what.bytes, std::size_t{what.pairs} * 2}}))) {
    for (const connection& c : connections_of(what))
      for (const int fd : {c.asks, c.answers}) {
        streams_.push_back(Stream::from_fd(fd));
        leases_.push_back(*pool_.try_next(what.bytes));
      }
  }

  void run(std::uint64_t count) override { runtime_.block_on(run_all(count)); }

 private:
  task<> run_all(std::uint64_t count) {
    std::vector<join_handle<void>> all;
    for (unsigned i = 0; i < what_.pairs; ++i) {
      const std::uint64_t share = share_of(count, what_, i);
      const std::size_t here = std::size_t{i} * 2;
      all.push_back(spawn(answerer<Exact, Stream>, std::cref(streams_[here + 1]),
                          std::ref(leases_[here + 1]), share));
      all.push_back(spawn(asker<Exact, Stream>, std::cref(streams_[here]), std::cref(what_),
                          std::ref(leases_[here]), share));
    }
    for (auto& one : all) co_await std::move(one);
  }

  exchange what_;
  runtime runtime_;
  fixed_buf_pool pool_;
  std::vector<Stream> streams_;
  std::vector<fixed_buf> leases_;
};

}  // namespace

std::unique_ptr<exchange_engine> exchanges_by_carousel(const exchange& what) {
  if (what.tcp) return std::make_unique<carousel_tasks<false, tcp_stream>>(what);
  return std::make_unique<carousel_tasks<false, unix_stream>>(what);
}

std::unique_ptr<exchange_engine> exact_exchanges_by_carousel(const exchange& what) {
  if (what.tcp) return std::make_unique<carousel_tasks<true, tcp_stream>>(what);
  return std::make_unique<carousel_tasks<true, unix_stream>>(what);
}

}  // namespace bench
