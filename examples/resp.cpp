// A server that speaks the protocol of Redis as far as PING and ECHO: commands may come in any
// pieces and many at once, and all that came together are answered together.
// Try it: resp 127.0.0.1:7777, and then redis-benchmark -p 7777 -t ping -P 16

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <iterator>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "next_connection.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 16384, .count = 256};
constexpr std::size_t words_max = 1024;

using words = std::vector<std::string>;

void say(std::vector<char>& out, const auto&... texts) {
  (std::ranges::copy(std::string_view(texts), std::back_inserter(out)), ...);
}

enum class cut { whole, part, wrong };

cut cut_line(std::string_view& from, std::string_view& line) {
  const std::size_t end = from.find('\n');
  if (end == from.npos) return cut::part;
  line = from.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  from.remove_prefix(end + 1);
  return cut::whole;
}

/// A line of a mark and a number up to `max`, as in "*3".
cut cut_number(std::string_view& from, char mark, std::size_t max, std::size_t& number) {
  std::string_view line;
  if (cut_line(from, line) == cut::part) return cut::part;
  if (!line.starts_with(mark)) return cut::wrong;
  const auto [end, error] = std::from_chars(line.begin() + 1, line.end(), number);
  return error == std::errc{} && end == line.end() && number <= max ? cut::whole : cut::wrong;
}

/// The next command: words in one line, or their number and then each with its length.
cut cut_command(std::string_view& from, words& to) {
  to.clear();
  if (!from.starts_with('*')) {
    std::string_view line;
    if (cut_line(from, line) == cut::part) return cut::part;
    for (const auto word : std::views::split(line, ' '))
      if (!word.empty()) to.emplace_back(word.begin(), word.end());
    return cut::whole;
  }
  std::size_t count = 0;
  if (const cut how = cut_number(from, '*', words_max, count); how != cut::whole) return how;
  for (; count > 0; --count) {
    std::size_t bytes = 0;
    const cut how = cut_number(from, '$', buffers.capacity, bytes);
    if (how != cut::whole) return how;
    if (from.size() < bytes + 2) return cut::part;
    if (from.substr(bytes, 2) != "\r\n") return cut::wrong;
    to.emplace_back(from.substr(0, bytes));
    from.remove_prefix(bytes + 2);
  }
  return cut::whole;
}

bool is(std::string_view word, std::string_view name) {
  return std::ranges::equal(word, name, [](char a, char b) { return (a & ~0x20) == b; });
}

void answer(const words& command, std::vector<char>& out) {
  if (command.empty()) return;
  const bool ping = is(command[0], "PING");
  if (ping && command.size() == 1) return say(out, "+PONG\r\n");
  if ((ping || is(command[0], "ECHO")) && command.size() == 2)
    return say(out, "$", std::to_string(command[1].size()), "\r\n", command[1], "\r\n");
  // What the clients ask for before they begin; an empty list will do.
  if (is(command[0], "COMMAND") || is(command[0], "CONFIG")) return say(out, "*0\r\n");
  say(out, "-ERR unknown command, or not so many words\r\n");
}

task<> converse(tcp_stream peer, fixed_buf in) {
  std::vector<char> out;
  words command;
  for (bool goes_on = true; goes_on;) {
    const std::size_t before = in.size();
    auto read = co_await peer.read(std::move(in).slice(before));
    in = std::move(read.buf).into_inner();
    if (read.res.value_or(0) == 0) co_return;
    std::string_view rest(reinterpret_cast<const char*>(in.bytes().data()), in.size());
    out.clear();
    cut how = cut::whole;
    for (std::string_view tried = rest; !rest.empty(); rest = tried) {
      how = cut_command(tried, command);
      if (how != cut::whole) break;
      answer(command, out);
    }
    goes_on = how != cut::wrong && rest.size() < in.capacity();
    if (!goes_on) say(out, "-ERR Protocol error\r\n");
    std::ranges::copy(in.bytes().last(rest.size()), in.bytes().begin());
    in.resize(rest.size());
    auto written = co_await peer.write_all(std::move(out));
    if (!written.res) co_return;
    out = std::move(written.buf);
  }
  // To close while the peer has more to say would take the last word back.
  (void)co_await peer.shutdown(shut::write);
  for (std::size_t more = 1; more != 0;) {
    in.clear();
    auto read = co_await peer.read(std::move(in));
    more = read.res.value_or(0);
    in = std::move(read.buf);
  }
}

task<> serve(tcp_listener listener) {
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  const accept_stream in = listener.incoming();
  for (;;) {
    // Who comes while all buffers are out waits for one.
    auto buf = or_throw(co_await pool.next(buffers.capacity));
    auto peer = co_await next_connection(in);
    if (!peer) co_return;
    spawn(converse, std::move(*peer), std::move(buf)).detach();
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const auto at = or_throw(socket_address::parse(argc > 1 ? argv[1] : "127.0.0.1:0"));
  auto listener = or_throw(tcp_listener::bind(at));
  std::printf("listening on %s\n", or_throw(listener.local_address()).to_string().c_str());
  std::fflush(stdout);
  start([&] { return serve(std::move(listener)); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "resp: %s\n", e.what());
  return 1;
}
