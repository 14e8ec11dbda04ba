#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "compare.hpp"
#include "copier.hpp"
#include "doctor.hpp"
#include "interruption.hpp"
#include "make_runtime.hpp"

namespace {

using carousel::tool::copy_options;

int copy(const copy_options& options, std::vector<std::filesystem::path> names, bool json) {
  auto runtime = carousel::tool::make_runtime();
  if (!runtime) {
    fmt::print(stderr, "carousel: cannot use io_uring: {}\n", runtime.error().message());
    return 2;
  }
  auto pool = carousel::fixed_buf_pool::make({{options.buffer_size, options.buffers}},
                                             {.huge = carousel::huge_pages::transparent});
  if (!pool) {
    fmt::print(stderr, "carousel: cannot make the buffers: {}\n", pool.error().message());
    return 2;
  }
  const auto start = std::chrono::steady_clock::now();
  std::filesystem::path target = std::move(names.back());
  names.pop_back();
  carousel::tool::copier c(options, *pool);
  runtime->block_on(c.run(std::move(names), std::move(target)));
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  const auto& r = c.report();
  if (!r.fixed) {
    fmt::print(stderr,
               "carousel: registered buffers are not available (see ulimit -l): copying with "
               "ordinary ones\n");
  }
  for (const auto& e : r.errors) fmt::print(stderr, "carousel: {}\n", e);
  if (json) {
    const nlohmann::json object = {{"files", r.files},
                                   {"directories", r.directories},
                                   {"links", r.links},
                                   {"bytes", r.bytes},
                                   {"seconds", taken.count()},
                                   {"errors", r.errors},
                                   {"registration", r.fixed ? "fixed" : "plain"}};
    fmt::print("{}\n", object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    fmt::print("{} files, {} directories, {} links, {} bytes in {:.2f} s\n", r.files, r.directories,
               r.links, r.bytes, taken.count());
  }
  if (const int signal = carousel::tool::interrupted(); signal != 0) return 128 + signal;
  return r.errors.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Copies with io_uring and kernel-registered buffers"};
  app.set_version_flag("--version", fmt::format("carousel {}.{}.{}", CAROUSEL_VERSION_MAJOR,
                                                CAROUSEL_VERSION_MINOR, CAROUSEL_VERSION_PATCH));
  app.require_subcommand(1);
  copy_options options;
  std::vector<std::filesystem::path> names;
  bool archive = false;
  bool json = false;
  auto* cp = app.add_subcommand("cp",
                                "Copy SRC... to DST; hard links, ACLs and extended "
                                "attributes are not kept");
  cp->add_option("SRC... DST", names)->required()->expected(2, -1);
  cp->add_flag("-r,-R", options.recursive, "copy directories");
  cp->add_flag("-p", options.preserve, "keep owner, permissions and times");
  cp->add_flag("-a", archive, "-r -p");
  cp->add_flag("--sync", options.sync, "fsync each file before its rename, and directories");
  cp->add_flag("--verify", options.verify, "read both files again and compare their digests");
  bool compare = false;
  cp->add_flag("--compare", compare,
               "afterwards time copies of SRC by carousel and by cp -a, in turn, beside DST");
  cp->add_flag("--quiet", options.quiet, "no progress on a terminal");
  cp->add_flag("--json", json, "report as one JSON object");
  cp->add_option("--buffers", options.buffers)->check(CLI::Range(1, 16384));
  cp->add_option("--buffer-size", options.buffer_size, "in bytes")
      ->check(CLI::Range(4096, 1 << 30));
  std::string place = ".";
  auto* doctor = app.add_subcommand("doctor", "Say what io_uring can do on this machine");
  doctor->add_option("PATH", place, "where O_DIRECT is tried");
  doctor->add_flag("--json", json, "report as one JSON object");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (doctor->parsed()) return carousel::tool::doctor(place, json);
  options.recursive = options.recursive || archive;
  options.preserve = options.preserve || archive;
  carousel::tool::note_interruptions();
  if (!compare) return copy(options, std::move(names), json);

  std::vector<std::string> sources;
  sources.reserve(names.size());
  for (const auto& name : names) sources.push_back(name.native());
  sources.pop_back();
  const auto beside = std::filesystem::absolute(names.back() / "").parent_path().parent_path();
  const std::vector<std::string> flags{"--buffers", std::to_string(options.buffers),
                                       "--buffer-size", std::to_string(options.buffer_size)};
  const int copied = copy(options, std::move(names), json);
  if (copied != 0) return copied;
  const auto compared = carousel::tool::compare(sources, beside.native(), flags);
  return carousel::tool::print_comparison(compared, json);
}
