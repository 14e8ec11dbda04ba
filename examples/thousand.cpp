// A thousand connections on eight buffers: one that waits has none.

#include <sys/resource.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"

using namespace carousel;

namespace {

constexpr std::size_t buffer_bytes = 4096;
constexpr std::size_t buffers = 8;
constexpr int messages = 3;
constexpr std::string_view text = "carousel\n";

/// Sends back what comes, until the peer has nothing more to say.
task<> echo(tcp_stream peer, buf_group group) {
  const receive_stream in = peer.receive(group);
  for (;;) {
    auto lease = co_await in.next();
    if (!lease) co_return;
    const auto written = co_await peer.write_all(std::move(*lease));
    if (!written.res) co_return;
  }
}

task<> serve(tcp_listener at, buf_group group) {
  accept_stream in = at.incoming();
  for (;;) {
    auto peer = co_await in.next();
    if (!peer) co_return;
    spawn(echo, std::move(*peer), group).detach();
  }
}

/// Says something, and hears it again, a few times.
task<> call(const socket_address& where, std::size_t& heard) {
  const tcp_stream peer = or_throw(co_await tcp_stream::connect(where));
  for (int i = 0; i < messages; ++i) {
    std::vector<std::byte> said(text.size());
    std::ranges::copy(std::as_bytes(std::span(text)), said.begin());
    auto written = co_await peer.write_all(std::move(said));
    or_throw(written.res);
    const auto read = co_await peer.read_exact(std::move(written.buf));
    or_throw(read.res);
    heard += read.buf.size();
  }
}

/// As many as there may be descriptors for both ends of.
std::size_t connections() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  return std::min<std::size_t>(1000, (limit.rlim_cur - 50) / 2);
}

task<> meet() {
  const auto pool = or_throw(fixed_buf_pool::make({{.capacity = buffer_bytes, .count = buffers}}));
  const buf_group group = or_throw(pool.group(buffer_bytes, buffers));
  tcp_listener at = or_throw(tcp_listener::bind(or_throw(socket_address::parse("127.0.0.1:0"))));
  const socket_address where = or_throw(at.local_address());
  auto serving = spawn(serve, at, group);
  const std::size_t many = connections();
  std::size_t heard = 0;
  std::vector<join_handle<void>> calls;
  calls.reserve(many);
  for (std::size_t i = 0; i < many; ++i)
    calls.push_back(spawn(call, std::cref(where), std::ref(heard)));
  for (auto& one : calls) co_await std::move(one);
  or_throw(co_await std::move(at).close());
  co_await std::move(serving);
  std::printf("%zu connections have heard %zu bytes, on %zu buffers of %zu\n", many, heard, buffers,
              buffer_bytes);
  if (heard != many * messages * text.size()) std::exit(1);
}

}  // namespace

int main() try { start(meet); } catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
