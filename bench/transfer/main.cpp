// Reads and writes of blocks of one file by every rival, in turn.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "common/report.hpp"
#include "transfer/engine.hpp"

namespace {

using namespace bench;

struct options {
  plan what;
  schedule when;
  bool pinned = false;
  std::string json_file;
  bool quick = false;
  std::uint64_t count = 0;
  std::string title;
  std::vector<std::string> rivals = {"hand", "hand-inline",     "carousel", "kept",
                                     "asio", "asio-coroutines", "threads"};
};

/// What a name on the command line stands for, and the name in the table.
std::unique_ptr<engine> make(const std::string& name, std::string& shown, const plan& p, int fd) {
  if (name == "hand") {
    shown = "liburing by hand";
    return by_hand(p, fd, {});
  }
  if (name == "hand-inline") {
    shown = "liburing, inline system call";
    return by_hand(p, fd, {.inline_call = true});
  }
  if (name == "hand-plain") {
    shown = "liburing, not registered";
    return by_hand(p, fd, {.registered = false});
  }
  if (name == "hand-huge") {
    shown = "liburing, huge pages";
    return by_hand(p, fd, {.huge = true});
  }
  if (name == "carousel") {
    shown = "Carousel";
    return by_carousel(p, fd, {});
  }
  if (name == "kept") {
    shown = "Carousel, lease kept";
    return by_carousel(p, fd, {.kept = true});
  }
  if (name == "carousel-plain") {
    shown = "Carousel, not registered";
    return by_carousel(p, fd, {.registered = false});
  }
  if (name == "carousel-huge") {
    shown = "Carousel, huge pages";
    return by_carousel(p, fd, {.huge = true});
  }
  if (name == "carousel-inline") {
    shown = "Carousel, inline_io";
    return by_carousel(p, fd, {.inline_io = true});
  }
  if (name == "carousel-8-buffers" || name == "carousel-1-buffer") {
    const unsigned buffers = name == "carousel-1-buffer" ? 1 : 8;
    shown = fmt::format("Carousel, {} tasks share {} buffer{}", p.depth, buffers,
                        buffers == 1 ? "" : "s");
    return by_carousel(p, fd, {.buffers = buffers});
  }
  if (name == "asio") {
    shown = "Asio, callbacks";
    return by_asio(p, fd, false);
  }
  if (name == "asio-coroutines") {
    shown = "Asio, coroutines";
    return by_asio(p, fd, true);
  }
  if (name == "threads") {
    const char* call = p.writes ? "pwrite" : "pread";
    shown = p.depth == 1 ? call : fmt::format("{} threads with {}", p.depth, call);
    return by_threads(p, fd);
  }
  if (name == "nowait") {
    shown = "preadv2(RWF_NOWAIT)";
    return by_threads(p, fd, true);
  }
  if (name == "fio") {
    shown = "fio";
    return by_fio(p);
  }
  if (name == "failed") return by_liar(p, fd, fault::failed_transfer);
  if (name == "short") return by_liar(p, fd, fault::short_transfer);
  if (name == "wrong") return by_liar(p, fd, fault::wrong_bytes);
  if (name == "lost") return by_liar(p, fd, fault::lost_write);
  fail("there is no rival " + name);
}

std::string size_of(std::size_t bytes) {
  if (bytes >= std::size_t{1} << 20U) return fmt::format("{} MiB", bytes >> 20U);
  return bytes >= 1024 ? fmt::format("{} KiB", bytes >> 10U) : fmt::format("{} B", bytes);
}

rival rival_of(std::shared_ptr<engine> e, std::string name, work& w) {
  const auto run_timed = [e, &w](std::uint64_t count, latency_histogram& into) {
    if (e->own_figures()) return;
    w.begin_slice();
    w.time_transfers(&into);
    e->run(count, w);
    w.time_transfers(nullptr);
  };
  return {.name = std::move(name),
          .run =
              [e = std::move(e), &w](std::uint64_t count) {
                w.begin_slice();
                auto s = timed([&](std::uint64_t n) { e->run(n, w); })(count);
                if (const auto own = e->own_figures()) {
                  s = *own;
                } else if (w.what().writes) {
                  w.verify_writes(count);
                }
                return s;
              },
          .run_timed = run_timed};
}

options parsed(int argc, char** argv) {
  options o;
  std::string kind = "read";
  std::string order = "random";
  CLI::App app{"Reads and writes of blocks of one file by every rival, in turn"};
  app.add_option("FILE", o.what.path,
                 "regular file (made anew), block device or /dev/zero; its content is lost")
      ->required();
  app.add_option("--kind", kind)->check(CLI::IsMember({"read", "write"}));
  app.add_option("--order", order)->check(CLI::IsMember({"random", "sequential"}));
  app.add_flag("--direct", o.what.direct, "O_DIRECT");
  app.add_flag("--pin", o.pinned, "one CPU for everything: where no kernel worker helps");
  app.add_option("--block", o.what.block, "bytes")->transform(CLI::AsSizeValue(false));
  app.add_option("--depth", o.what.depth, "transfers in flight");
  app.add_option("--span", o.what.span, "bytes of the file")->transform(CLI::AsSizeValue(false));
  app.add_option("--rounds", o.when.rounds);
  app.add_option("--slice", o.when.slice_seconds, "seconds");
  app.add_option("--rivals", o.rivals)->delimiter(',');
  app.add_option("--title", o.title);
  app.add_option("--json", o.json_file, "add a line of JSON to this file");
  app.add_flag("--quick", o.quick, "prove that it works; the figures mean nothing");
  app.add_option("--count", o.count,
                 "do so many transfers by each rival and print nothing, for profilers");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e) == 0 ? 0 : 2);
  }
  o.what.writes = kind == "write";
  o.what.sequential = order == "sequential";
  o.what.zeroes = o.what.path == "/dev/zero";
  if (o.quick) o.when = {.rounds = 1, .slice_seconds = 0.002};
  if (o.title.empty()) {
    const bool device = std::filesystem::is_block_file(o.what.path);
    const char* where = device          ? "block device"
                        : o.what.zeroes ? "/dev/zero"
                        : o.what.direct ? "disk"
                                        : "page cache";
    o.title = fmt::format("{} {}s of {}, {}, depth {}{}", order, kind, size_of(o.what.block), where,
                          o.what.depth, o.what.direct ? ", O_DIRECT" : "");
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const options o = parsed(argc, argv);
  if (o.pinned) pin_to_this_cpu();
  work w(o.what);
  w.write_file();
  const int fd = ::open(o.what.path.c_str(), (o.what.writes ? O_RDWR : O_RDONLY) | O_CLOEXEC |
                                                 (o.what.direct ? O_DIRECT : 0));
  if (fd < 0) fail_errno(o.what.path);

  result_sheet sheet{
      .workload = "transfer", .title = o.title, .pinned = o.pinned, .rounds = o.when.rounds};
  std::vector<rival> rivals;
  for (const std::string& name : o.rivals) {
    if (name == "fio" && std::system("command -v fio >/dev/null") != 0) {
      sheet.notes.emplace_back("fio is not installed");
      continue;
    }
    std::string shown;
    const std::shared_ptr<engine> e = make(name, shown, o.what, fd);
    if (o.count != 0) {
      e->run(o.count, w);
      continue;
    }
    if (!o.what.writes) {
      w.be_thorough(true);
      e->run(w.lap(), w);
      w.be_thorough(false);
    }
    rivals.push_back(rival_of(e, std::move(shown), w));
  }
  if (o.count != 0) return 0;
  sheet.standings = compare(rivals, o.when);
  print(sheet, o.json_file);
}
