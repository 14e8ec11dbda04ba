// A chat over a Unix socket: what one client says, line by line, all others hear. SIGINT and
// SIGTERM end it, with a last word to all.
// Try it: chat unix:chat.sock, and then socat - UNIX:chat.sock, more than once

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <functional>
#include <list>
#include <string>
#include <utility>
#include <vector>

#include "carousel/carousel.hpp"
#include "next_connection.hpp"

using namespace carousel;

namespace {

constexpr buf_class buffers = {.capacity = 4096, .count = 16};
constexpr std::size_t lines_max = 256;  // that wait for one client

struct member {
  unix_stream peer;
  channel<std::vector<char>> unheard{lines_max};
  event out{};
};
using room = std::list<member>;

/// Nobody waits for a member who does not listen: without room for a line they are out.
void tell(member& who, const std::string& line) {
  if (!who.unheard.try_send(std::vector(line.begin(), line.end()))) who.out.set();
}
void tell_all(room& all, const std::string& line, const member* but = nullptr) {
  for (member& each : all)
    if (&each != but) tell(each, line);
}

task<> speak(room& all, const member& me, std::string name, buf_group group) {
  const receive_stream in = me.peer.receive(group);
  const std::string said_by = name + ": ";
  std::string line = said_by;
  while (line.size() < buffers.capacity) {
    const auto some = co_await in.next();
    if (!some) co_return;
    for (const std::byte b : some->bytes()) {
      line += static_cast<char>(b);
      if (line.back() != '\n') continue;
      tell_all(all, line, &me);
      line = said_by;
    }
  }
}

task<> hear(member& me) {
  for (;;) {
    auto lines = co_await me.unheard.receive();
    if (!lines) co_return;
    while (const auto more = me.unheard.try_receive())
      lines->insert(lines->end(), more->begin(), more->end());
    const auto written = co_await me.peer.write_all(std::move(*lines));
    if (!written.res) co_return;
  }
}

task<> take_part(room& all, unix_stream peer, std::string name, buf_group group) {
  tell_all(all, name + " comes\n");
  const auto me = all.emplace(all.end(), std::move(peer));
  tell(*me, "you are " + name + "\n");
  (void)co_await when_any(speak(all, *me, name, std::move(group)), hear(*me), me->out.wait());
  all.erase(me);
  tell_all(all, name + " goes\n");
}

task<> welcome(const unix_listener& listener, room& all, task_group& members) {
  const auto pool = or_throw(fixed_buf_pool::make({buffers}));
  const buf_group group = or_throw(pool.group(buffers.capacity, buffers.count));
  const accept_stream in = listener.incoming();
  for (int number = 1;; ++number) {
    auto peer = co_await next_connection(in);
    if (!peer) co_return;
    auto name = std::to_string(number);
    or_throw(co_await members.spawn(take_part, std::ref(all), std::move(*peer), name, group));
  }
}

task<> chat(socket_address at) {
  const signal_set signals{SIGINT, SIGTERM};
  const auto listener = or_throw(unix_listener::bind(at));
  std::printf("listening on %s\n", at.to_string().c_str());
  std::fflush(stdout);
  room all;
  task_group members;
  (void)co_await when_any(signals.next(), welcome(listener, all, members));
  tell_all(all, "the chat is over\n");
  for (member& each : all) each.unheard.close();
  (void)co_await timeout(std::chrono::seconds(10), members.wait());
  (void)co_await file::remove(at.path());
}

}  // namespace

int main(int argc, char** argv) try {
  const auto at = or_throw(socket_address::parse(argc > 1 ? argv[1] : "unix:chat.sock"));
  start([&] { return chat(at); });
} catch (const std::exception& e) {
  std::fprintf(stderr, "chat: %s\n", e.what());
  return 1;
}
