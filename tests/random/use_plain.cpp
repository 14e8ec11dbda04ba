#include <array>
#include <span>

#include "random/tracked_bytes.hpp"
#include "random/transfers.hpp"

// Tasks that use memory of their own, names, pipes and other tasks.

namespace carousel::random_test {
namespace {

tracked_bytes filled(world& w, std::size_t bytes) {
  tracked_bytes made(bytes);
  w.random.fill(made.all());
  made.set_size(bytes);
  return made;
}

std::vector<tracked_bytes> pieces(world& w, std::size_t bytes, bool full) {
  std::vector<tracked_bytes> some;
  while (bytes > 0) {
    const std::size_t n = std::min(bytes, 1 + w.random.below(bytes));
    some.push_back(full ? filled(w, n) : tracked_bytes(n));
    bytes -= n;
  }
  return some;
}

std::vector<std::byte> joined(const std::vector<tracked_bytes>& some) {
  std::vector<std::byte> all;
  for (const tracked_bytes& piece : some)
    all.insert(all.end(), piece.bytes().begin(), piece.bytes().end());
  return all;
}

task<> write_pieces(world& w, shadow_file& f, shadow_file::region& where) {
  auto bufs = pieces(w, where.size(), true);
  const std::vector<std::byte> sent = joined(bufs);
  where.begin_write();
  if (w.random.below(2) == 0) {
    auto r = co_await f.handle().writev_all_at(std::move(bufs), where.begin());
    settle_write(w, where, sent, r.res, true);
    if (!r.res) w.require_injected(r.res.error());
    w.require(joined(r.buf) == sent, "a write changed its buffers");
    co_return;
  }
  bool asked = false;
  auto r = co_await in_some_verb(w, f.handle().writev_at(std::move(bufs), where.begin()), asked);
  settle_write(w, where, sent, r.res, false);
  if (!r.res && !asked) w.require_injected(r.res.error());
  w.require(joined(r.buf) == sent, "a write changed its buffers");
}

task<> read_pieces(world& w, shadow_file& f, shadow_file::region& where) {
  auto bufs = pieces(w, where.size(), false);
  bool asked = false;
  auto r = co_await in_some_verb(w, f.handle().readv_at(std::move(bufs), where.begin()), asked);
  const std::vector<std::byte> came = joined(r.buf);
  if (!r.res) {
    if (!asked) w.require_injected(r.res.error());
    w.require(came.empty(), "a read that failed changed the fill");
    co_return;
  }
  w.require(came.size() == *r.res, "a vectored read did not set the fills to what came");
  w.require(where.holds(where.begin(), came),
            "a vectored read brought other bytes than the file has");
}

}  // namespace

task<> use_plain_buffers(world& w) {
  shadow_file& f = w.some_file();
  const auto drawn = f.draw(w.random, *w.kernel, 2000);
  if (!drawn || drawn->first >= shadow_file::bytes) co_return;
  shadow_file::region where(f, drawn->first, std::min(drawn->second, shadow_file::bytes));
  switch (w.random.below(4)) {
    case 0: co_await write_pieces(w, f, where); break;
    case 1: co_await read_pieces(w, f, where); break;
    case 2: {
      auto buf = filled(w, where.size());
      const auto back = co_await write_plain(w, f, where, std::move(buf), w.random.below(2) == 0);
      break;
    }
    default: {
      tracked_bytes buf(where.size());
      const auto back = co_await read_plain(w, f, where, std::move(buf), w.random.below(2) == 0);
      break;
    }
  }
}

/// A pool whose only handle goes away, unregistered or not, while an operation may still have its
/// buffer.
class own_pool {
 public:
  explicit own_pool(world& w) : w_(w), pool_(make()) {
    if (w.registered == nullptr && pool_.register_buffers()) w.registered = this;
  }
  own_pool(const own_pool&) = delete;
  own_pool& operator=(const own_pool&) = delete;
  ~own_pool() { unregister(); }
  void unregister() {
    if (!registered()) return;
    w_.registered = nullptr;
    w_.require(pool_.unregister_buffers().has_value(),
               "a registered pool could not be unregistered");
  }
  [[nodiscard]] bool registered() const noexcept { return w_.registered == this; }
  [[nodiscard]] fixed_buf take() const { return pool_.try_next(bytes).value(); }

 private:
  static constexpr std::size_t bytes = 200;
  static fixed_buf_pool make() {
    std::vector<tracked_bytes> memory;
    for (int i = 0; i < 2; ++i) memory.emplace_back(bytes);
    return fixed_buf_pool::from(std::move(memory)).value();
  }

  world& w_;
  fixed_buf_pool pool_;
};

/// A request to stop ends the waiting, and leaves the task alone.
task<> join(world& w, join_handle<void> child) {
  try {
    co_await std::move(child);
  } catch (const std::system_error& e) {
    w.require(e.code() == errc::canceled && stop_requested(), "a join ended for no reason");
  }
}

task<> read_into(world& w, fixed_buf lease) {
  auto r = co_await w.some_file().handle().read_fixed_at(std::move(lease), 0);
  if (r.res || r.res.error() == errc::not_registered || r.res.error() == errc::pool_closed)
    co_return;
  w.require_injected(r.res.error());
}

task<> use_own_pool(world& w) {
  std::optional<own_pool> mine(std::in_place, w);
  if (!mine->registered()) co_return;
  auto reader = spawn(read_into, std::ref(w), mine->take());
  for (auto turns = 1 + w.random.below(3); turns > 0; --turns) co_await yield();
  if (w.random.below(2) == 0) reader.abort();
  mine.reset();
  if (!reader.done()) co_await join(w, std::move(reader));
}

task<> use_advice(world& w) {
  const auto use = static_cast<file_advice>(w.random.below(6));
  const std::uint64_t begin = w.random.below(shadow_file::bytes);
  bool asked = false;
  const auto r = co_await in_some_verb(
      w, w.some_file().handle().advise(use, begin, w.random.below(shadow_file::bytes)), asked);
  if (!r && !asked) w.require_injected(r.error());
  alignas(4096) static std::array<std::byte, 8192> pages;
  const auto of = std::span(pages).first(w.random.below(pages.size()));
  asked = false;
  const auto said =
      co_await in_some_verb(w, advise_memory(of, memory_advice::populate_read), asked);
  if (!said && !asked) w.require_injected(said.error());
}

/// Several tasks may set the same one: what is read is what some task has set.
task<> use_attribute(world& w) {
  shadow_file& f = w.some_file();
  auto value = filled(w, 1 + w.random.below(100));
  const std::byte first = value.bytes()[0];
  std::ranges::fill(value.all(), first);
  bool asked = false;
  const auto set =
      co_await in_some_verb(w, set_attribute(f.handle(), "user.random", std::move(value)), asked);
  if (!set.res && !asked) w.require_injected(set.res.error());
  w.require(set.buf.bytes()[0] == first, "a set of an attribute changed its buffer");
  const auto got =
      co_await in_some_verb(w, get_attribute(f.path(), "user.random", tracked_bytes(100)), asked);
  if (!got.res) {
    if (!asked && got.res.error() != std::errc::no_message_available)
      w.require_injected(got.res.error());
    co_return;
  }
  const auto came = got.buf.bytes();
  w.require(came.size() == *got.res && !came.empty(), "an attribute has another size than it says");
  w.require(std::ranges::count(came, came[0]) == std::ssize(came),
            "an attribute has bytes of two values");
}

task<> use_names(world& w) {
  const auto settle = [&w](const result<>& r) {
    if (!r) w.require_injected(r.error());
  };
  switch (w.random.below(5)) {
    case 4: co_await use_attribute(w); break;
    case 0: {  // a late result is a descriptor that nobody waits for
      const auto options = open_options{}.ring_only(w.random.below(2) == 0);
      auto opened = co_await file::open(w.some_file().path(), options);
      if (!opened) {
        w.require_injected(opened.error());
        co_return;
      }
      if (w.random.below(2) == 0) settle(co_await std::move(*opened).close());
      break;
    }
    case 1: {
      const auto about = co_await file::info(w.some_file().path());
      if (!about) w.require_injected(about.error());
      w.require(!about || about->size == shadow_file::bytes, "info gives a wrong size");
      break;
    }
    case 2: {
      const auto about = co_await w.some_file().handle().info();
      if (!about) w.require_injected(about.error());
      w.require(!about || about->size == shadow_file::bytes, "info gives a wrong size");
      settle(co_await w.some_file().handle().sync_data());
      if (w.random.below(2) == 0) co_await use_advice(w);
      break;
    }
    default: {
      const std::filesystem::path name = w.new_name();
      const result<> made = co_await directory::create(name);
      settle(made);
      if (!made) co_return;
      const std::filesystem::path other = w.new_name();
      const result<> renamed = co_await directory::rename(name, other);
      settle(renamed);
      settle(co_await directory::remove(renamed ? other : name));
      break;
    }
  }
}

task<> use_pipe(world& w) {
  shadow_pipe& pipe = w.pipes[w.random.below(w.pipes.size())];
  if (!pipe.is_free(*w.kernel)) co_return;
  shadow_pipe::turn turn(pipe);
  tracked_bytes buf(1 + w.random.below(600));
  if (pipe.kind() == shadow_pipe::role::library_reads) {
    bool asked = false;
    auto r = co_await in_some_verb(w, pipe.handle().read(std::move(buf)), asked);
    if (!r.res && !asked) w.require_injected(r.res.error());
    w.require(turn.moved() == r.res.value_or(0), "a read lost bytes of a pipe");
    if (!r.res) co_return;
    w.require(*r.res != 0 && r.buf.size() == *r.res,
              "a read from a pipe moved a wrong number of bytes");
    w.require(turn.matches(r.buf.bytes()), "bytes were lost or doubled in a pipe");
    co_return;
  }
  turn.fill(buf.all());
  buf.set_size(buf.capacity());
  bool asked = false;
  auto r = co_await in_some_verb(w, pipe.handle().write(std::move(buf)), asked);
  if (!r.res && !asked) w.require_injected(r.res.error());
  w.require(turn.moved() == r.res.value_or(0), "a write is wrong about what went into a pipe");
}

task<> use_tasks(world& w) {
  auto child = spawn(actor, std::ref(w), static_cast<unsigned>(w.random.below(3)));
  for (auto turns = w.random.below(3); turns > 0; --turns) co_await yield();
  switch (w.random.below(3)) {
    case 0: child.abort(); break;
    case 1: std::move(child).detach(); break;
    default: co_await join(w, std::move(child)); break;
  }
}

task<> wait_in_crowd(world& w) {
  auto r = co_await w.silent.handle().read(tracked_bytes(8));
  if (!r.res) w.require_injected(r.res.error());
}

task<> actor(world& w, unsigned actions) {
  for (; actions > 0; --actions) {
    switch (w.random.below(22)) {
      case 21: co_await use_futex(w); break;
      case 20: co_await use_splice(w); break;
      case 19: co_await use_linked(w); break;
      case 18: co_await use_timers(w); break;
      case 17: co_await use_remote(w); break;
      case 16: co_await use_streams(w); break;
      case 15: co_await use_sockets(w); break;
      case 14: co_await use_bell(w); break;
      case 13:
      case 12: co_await use_verbs(w); break;
      case 11: co_await use_registry(w); break;
      case 10: co_await use_own_pool(w); break;
      case 0: co_await use_names(w); break;
      case 1: co_await use_pipe(w); break;
      case 2: co_await use_tasks(w); break;
      case 3: co_await sleep_for(std::chrono::microseconds(w.random.below(3000))); break;
      case 4: co_await use_plain_buffers(w); break;
      default: co_await use_lease(w); break;
    }
  }
}

}  // namespace carousel::random_test
