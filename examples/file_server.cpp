// A web server of the files below a directory: GET, whole or a range, from leases.
// Try it: file_server /etc 127.0.0.1:7777, and then curl -r 0-9 127.0.0.1:7777/hostname

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "next_connection.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 65536, .count = 64};
constexpr std::chrono::seconds patience(30);

struct range {
  std::uint64_t begin = 0, end = 0;  ///< [begin, end)
};
struct reply {
  std::string head;
  std::optional<file> from{};
  range part{};
};

std::string_view text_of(const fixed_buf& b) {
  return {reinterpret_cast<const char*>(b.bytes().data()), b.size()};
}

/// The value of a header, whose name is given as "\r\nname:".
std::string_view header(std::string_view head, std::string_view name) {
  const auto same = [](char a, char b) { return a == b || (a ^ b) == 0x20; };
  const auto found = std::ranges::search(head, name, same);
  std::string_view value(found.end(), head.end());
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value.substr(0, value.find('\r'));
}

std::optional<std::uint64_t> number(std::string_view text, int base = 10) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.begin(), text.end(), value, base);
  return error == std::errc{} && end == text.end() ? std::optional(value) : std::nullopt;
}

/// What "bytes=5-9", "bytes=5-" or "bytes=-5" asks for; anything else means all of the file.
std::optional<range> asked(std::string_view text, std::uint64_t size) {
  const std::size_t dash = text.find('-');
  if (!text.starts_with("bytes=") || dash == text.npos) return std::nullopt;
  const auto first = number(text.substr(6, dash - 6));
  const auto last = number(text.substr(dash + 1));
  if (!first && last && dash == 6) return range{size - std::min(*last, size), size};
  if (!first || (last ? *last < *first : dash + 1 != text.size())) return std::nullopt;
  return range{*first, last && *last < size ? *last + 1 : size};
}

/// The path in a request, without what is behind a '?'. Empty where it is none.
std::string decoded(std::string_view path) {
  path = path.substr(0, path.find('?'));
  path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  std::string plain;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto code = path[i] == '%' ? number(path.substr(i + 1, 2), 16) : std::nullopt;
    if (code) i += 2;
    plain += code ? static_cast<char>(*code) : path[i];
  }
  return plain.find('\0') == plain.npos ? plain : "";
}

task<reply> answer(directory root, std::string_view head) {
  const bool get = head.starts_with("GET ");
  const std::string name = get ? decoded(head.substr(4, head.find(' ', 4) - 4)) : "";
  reply made{get ? "404 Not Found\r\n" : "501 Not Implemented\r\n"};
  const auto seen = co_await root.info(name);  // to open a pipe would wait for its writer
  if (!seen || seen->type != std::filesystem::file_type::regular) co_return made;
  const auto from = co_await root.open_file(name, open_options{}.beneath(true));
  if (!from) co_return made;
  const std::uint64_t size = or_throw(co_await from->info()).size;
  const auto part = asked(header(head, "\r\nrange:"), size);
  made = {part ? "206 Partial Content\r\n" : "200 OK\r\n", *from, part.value_or(range{0, size})};
  if (!part) co_return made;
  const bool any = part->begin < part->end;
  if (!any) made = {"416 Range Not Satisfiable\r\n"};
  const std::string which = std::to_string(part->begin) + "-" + std::to_string(part->end - 1);
  made.head += "Content-Range: bytes " + (any ? which : "*") + "/" + std::to_string(size) + "\r\n";
  co_return made;
}

/// One request, all of it in the one lease.
task<> serve(tcp_stream peer, directory root, fixed_buf buf) {
  std::size_t end = npos;
  while (end == npos) {
    const std::size_t before = buf.size();
    auto read = co_await timeout(patience, peer.read(std::move(buf).slice(before)));
    buf = std::move(read.buf).into_inner();
    if (read.res.value_or(0) == 0) co_return;  // or its head is too long
    end = text_of(buf).find("\r\n\r\n");
  }
  auto [said, from, part] = co_await answer(root, text_of(buf).substr(0, end + 2));
  said = "HTTP/1.1 " + said + "Accept-Ranges: bytes\r\nConnection: close\r\nContent-Length: " +
         std::to_string(part.end - part.begin) + "\r\n\r\n";
  const auto sent = co_await peer.write_all(std::vector<char>(said.begin(), said.end()));
  while (sent.res && part.begin < part.end) {
    const std::size_t bytes = std::min<std::uint64_t>(part.end - part.begin, buffers.capacity);
    auto read = co_await from->read_fixed_at(std::move(buf).slice(0, bytes), part.begin);
    if (read.res.value_or(0) == 0) co_return;  // the file has become shorter
    part.begin += *read.res;
    auto written = co_await timeout(patience, peer.write_all_fixed(std::move(read.buf)));
    if (!written.res) co_return;
    buf = std::move(written.buf).into_inner();
  }
  // To close while the peer has more to say would take the answer back.
  (void)co_await peer.shutdown(shut::write);
  (void)co_await timeout(patience, peer.read(std::move(buf)));
}

task<> run(const char* path, const char* address) {
  const auto root = or_throw(co_await directory::open(path));
  const auto listener = or_throw(tcp_listener::bind(or_throw(socket_address::parse(address))));
  std::printf("listening on %s\n", or_throw(listener.local_address()).to_string().c_str());
  std::fflush(stdout);
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  or_throw(pool.register_buffers());
  const accept_stream clients = listener.incoming();
  for (;;) {
    auto buf = or_throw(co_await pool.next(buffers.capacity));
    auto peer = co_await next_connection(clients);
    if (!peer) co_return;
    spawn(serve, std::move(*peer), root, std::move(buf)).detach();
  }
}

}  // namespace

int main(int argc, char** argv) try {
  start([&] { return run(argc > 1 ? argv[1] : ".", argc > 2 ? argv[2] : "127.0.0.1:0"); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "file_server: %s\n", e.what());
  return 1;
}
