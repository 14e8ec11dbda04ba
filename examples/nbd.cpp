// An NBD server of a disk image, which goes through registered buffers, on huge pages where there
// are some, and around the page cache where it can. Each connection has several requests under way,
// and gets the answers as they come.
// Try it: nbd disk.img unix:disk.sock, and then nbdinfo 'nbd+unix:///?socket=disk.sock'

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <exception>
#include <functional>
#include <utility>

#include "carousel/carousel.hpp"
#include "nbd_protocol.hpp"
#include "next_connection.hpp"

using namespace carousel;

namespace {

constexpr std::size_t front = 4096;  // room for a reply, so that what it brings begins on a page
constexpr std::uint32_t moved_max = 2 << 20;
constexpr buf_class buffers = {.capacity = front + moved_max, .count = 32};
constexpr std::size_t requests_at_once = 16;  // of one connection
constexpr std::chrono::seconds patience(30);  // with a peer that keeps a buffer from the others

struct disk {
  file image;
  nbd::disk_info info;
  fixed_buf_pool pool;
};
struct connection {
  const disk& of;
  write_half out;
  mutex writing{};
};

/// The buffer has, or gets, what is moved behind its front.
task<result<>> carry_out(const file& image, nbd::request asked, fixed_buf& buf) {
  result<> done;
  if (asked.what == nbd::read || asked.what == nbd::write) {
    auto part = std::move(buf).slice(front, front + asked.bytes);
    auto moving = asked.what == nbd::read ? image.read_exact_fixed_at(std::move(part), asked.offset)
                                          : image.write_all_fixed_at(std::move(part), asked.offset);
    auto moved = co_await std::move(moving);
    buf = std::move(moved.buf).into_inner();
    done = moved.res;
  } else if (asked.what == nbd::trim) {
    constexpr int hole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    done = co_await image.allocate(asked.offset, asked.bytes, hole);
  }
  if (done && (asked.what == nbd::flush || asked.flags == nbd::force_unit_access))
    done = co_await image.sync_data();
  co_return done;
}

int error_number(const result<>& done) {
  if (done) return 0;
  if (done.error() == errc::misaligned) return EINVAL;
  return done.error() == std::errc::no_space_on_device ? ENOSPC : EIO;
}

task<> answer(connection& peer, nbd::request asked, fixed_buf buf) {
  int error = nbd::refusal(asked, peer.of.info);
  if (error == 0) error = error_number(co_await carry_out(peer.of.image, asked, buf));
  if (error != 0 || asked.what != nbd::read) buf.resize(front);
  const auto reply = nbd::reply(asked, error);
  std::ranges::copy(reply, buf.bytes().begin() + front - reply.size());
  auto all = std::move(buf).slice(front - reply.size());
  const auto alone = co_await peer.writing.lock();
  const auto sent = co_await timeout(patience, peer.out.write_all_fixed(std::move(all)));
  if (!sent.res) (void)co_await peer.out.shutdown();  // what came of it is no answer
}

task<> converse(const disk& of, read_half in, write_half out) {
  const bool chosen = co_await nbd::negotiate(in, out, of.info);
  if (!chosen) co_return;
  connection peer{of, std::move(out)};
  task_group requests(requests_at_once);
  for (;;) {
    const nbd::request asked = co_await nbd::next_request(in, of.info);
    if (asked.what == nbd::disconnect) break;
    auto buf = or_throw(co_await of.pool.next(buffers.capacity));
    buf.resize(front);
    auto part = std::move(buf).slice(front, front + (asked.what == nbd::write ? asked.bytes : 0));
    part = or_throw(co_await timeout(patience, in.read_exact_fixed(std::move(part))));
    or_throw(co_await requests.spawn(answer, std::ref(peer), asked, std::move(part).into_inner()));
  }
  (void)co_await requests.wait();
}

/// Around the page cache a read costs one copy less; but the image has to consist of whole blocks.
task<disk> open_disk(const char* path) {
  const auto options = open_options{}.read(true).write(true);
  auto image = or_throw(co_await file::open(path, options));
  const file_info about = or_throw(co_await image.info());
  std::uint32_t block = std::max(about.direct_offset_alignment, about.direct_memory_alignment);
  const bool whole = block != 0 && block <= front && about.size % block == 0;
  if (whole) image = or_throw(co_await file::open(path, open_options(options).direct(true)));
  auto pool = or_throw(fixed_buf_pool::make({buffers}, {.huge = huge_pages::transparent}));
  or_throw(pool.register_buffers());
  disk made{std::move(image), {about.size, whole ? block : 1, moved_max}, std::move(pool)};
  co_return made;
}

template <class Listener>
task<> serve(const char* path, socket_address at) {
  const disk of = co_await open_disk(path);
  const auto listener = or_throw(Listener::bind(at));
  std::printf("listening on %s\n", or_throw(listener.local_address()).to_string().c_str());
  std::fflush(stdout);
  task_group clients;  // one that breaks concerns nobody else
  const accept_stream in = listener.incoming();
  for (;;) {
    auto peer = co_await next_connection(in);
    if (!peer) co_return;
    (void)peer->set(socket_option::no_delay(true));  // a Unix socket never waits
    auto [reads, writes] = std::move(*peer).split();
    or_throw(co_await clients.spawn(converse, std::cref(of), std::move(reads), std::move(writes)));
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const char* path = argc > 1 ? argv[1] : "disk.img";
  const auto at = or_throw(socket_address::parse(argc > 2 ? argv[2] : "127.0.0.1:0"));
  const bool local = at.family() == AF_UNIX;
  start([&] { return local ? serve<unix_listener>(path, at) : serve<tcp_listener>(path, at); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "nbd: %s\n", e.what());
  return 1;
}
