// Copies of one file on the disk, with O_DIRECT into allocated space, by every rival in turn; and
// by cp.

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include "common/report.hpp"
#include "copy/engine.hpp"

namespace {

using namespace bench;

/// Space without content, so that what a slice did not write cannot pass for written.
void empty_target(const copy_files& files, std::size_t bytes) {
  if (::ftruncate(files.out, 0) != 0 ||
      ::posix_fallocate(files.out, 0, static_cast<off_t>(bytes)) != 0 || ::fsync(files.out) != 0)
    fail(files.to + ": its space cannot be allocated");
  ::posix_fadvise(files.in, 0, 0, POSIX_FADV_DONTNEED);
}

void verify(const copy_files& files, const plan& p) {
  plan all = p;
  all.path = files.to;
  work target(all);
  target.be_thorough(true);
  const pages memory(p.block);
  for (std::uint64_t i = 0; i < target.lap(); ++i) {
    const std::uint64_t offset = target.next();
    target.check(::pread(files.out, memory.data(), p.block, static_cast<off_t>(offset)),
                 memory.data(), offset);
  }
}

}  // namespace

int main(int argc, char** argv) {
  plan p{};
  p.sequential = true;
  p.direct = true;
  p.block = std::size_t{1} << 20U;
  p.depth = 8;
  p.span = std::size_t{1} << 30U;
  schedule when;
  when.rounds = 9;
  when.reference_between = false;
  std::string json_file;
  bool quick = false;
  CLI::App app{"Copies of one file with O_DIRECT by every rival, in turn"};
  app.add_option("FILE", p.path, "made anew; its copy is FILE.copy")->required();
  app.add_option("--block", p.block, "bytes")->transform(CLI::AsSizeValue(false));
  app.add_option("--depth", p.depth, "blocks under way");
  app.add_option("--span", p.span, "bytes of the file")->transform(CLI::AsSizeValue(false));
  app.add_option("--rounds", when.rounds);
  app.add_option("--json", json_file, "add a line of JSON to this file");
  app.add_flag("--quick", quick, "prove that it works; the figures mean nothing");
  CLI11_PARSE(app, argc, argv);
  if (quick) {
    when.rounds = 1;
    p.block = std::size_t{64} << 10U;  // which every user may lock
    p.span = 16 * p.block;
  }

  work source(p);
  source.write_file();
  copy_files files{.from = p.path, .to = p.path + ".copy", .in = -1, .out = -1};
  files.in = ::open(files.from.c_str(), O_RDONLY | O_DIRECT | O_CLOEXEC);
  if (files.in < 0) fail_errno(files.from);
  files.out = ::open(files.to.c_str(), O_RDWR | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
  if (files.out < 0) fail_errno(files.to);

  std::vector<rival> rivals;
  const auto take_part = [&](std::string name, std::shared_ptr<copier> c) {
    rivals.push_back({std::move(name), [&, c = std::move(c)](std::uint64_t) {
                        empty_target(files, p.span);
                        const auto s = timed([&](std::uint64_t) { c->run(source); })(0);
                        verify(files, p);
                        return s;
                      }});
  };
  take_part("liburing by hand", copy_by_hand(p, files, {}));
  take_part("liburing, huge pages", copy_by_hand(p, files, {.huge = true}));
  take_part("liburing, not registered", copy_by_hand(p, files, {.registered = false}));
  take_part("Carousel", copy_by_carousel(p, files, {}));
  take_part("Carousel, huge pages", copy_by_carousel(p, files, {.huge = true}));
  take_part("Carousel, not registered", copy_by_carousel(p, files, {.registered = false}));
  take_part("cp, and fdatasync", copy_by_cp(files));
  when.count = source.lap();
  result_sheet sheet{.workload = "copy",
                     .title = fmt::format("copy of {} MiB, O_DIRECT, {} blocks of {} KiB under way",
                                          p.span >> 20U, p.depth, p.block >> 10U),
                     .unit = "blocks/s",
                     .rounds = when.rounds};
  sheet.standings = compare(rivals, when);
  print(sheet, json_file);
}
