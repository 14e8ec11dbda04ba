#include "job_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/output.hpp"
#include "launch.hpp"

namespace carousel_mpi {
namespace {

using nlohmann::json;

/// A tree of a million unreadable files shall not fill the memory with sentences.
constexpr std::size_t errors_kept_max = 10000;

struct counted {
  const char* name;  ///< in the object of a report
  const char* words;
  bool always;
};
constexpr std::array<counted, 7> counts = {{{"files", "files", true},
                                            {"directories", "directories", true},
                                            {"symlinks", "symbolic links", true},
                                            {"special_files", "special files", false},
                                            {"hard_links", "hard links", false},
                                            {"skipped", "kept", false},
                                            {"excluded", "excluded", false}}};

std::string described(const json& content) {
  const auto text = [&](const char* name) { return content.at(name).get<std::string>(); };
  std::string way = text("way");
  if (text("no_reflink").empty()) return way;
  way += fmt::format(" (no reflink: {}", text("no_reflink"));
  if (!text("not_direct").empty()) way += fmt::format("; not direct: {}", text("not_direct"));
  return way + ")";
}

}  // namespace

job_report::job_report(int ranks)
    : summaries_(static_cast<std::size_t>(ranks)), now_(static_cast<std::size_t>(ranks)) {}

void job_report::take(int from, talk about, message_reader& what) {
  switch (about) {
    case talk::error: {
      auto where = what.take<std::string>();
      return add_error(std::move(where), what.take<std::string>());
    }
    case talk::note: return add_note(what.take<std::string>());
    case talk::line: return tool::say(what.take<std::string>());
    case talk::figures: {
      figures& of = now_[static_cast<std::size_t>(from)];
      of.files = what.take<std::uint64_t>();
      of.bytes = what.take<std::uint64_t>();
      return;
    }
    case talk::summary: return add_summary(from, what.take<std::string>());
    default: return;
  }
}

void job_report::add_error(std::string where, std::string sentence) {
  ++errors_;
  if (errors_kept_.size() < errors_kept_max)
    errors_kept_.push_back({std::move(where), std::move(sentence)});
}

void job_report::add_note(std::string sentence) {
  if (std::ranges::find(notes_, sentence) != notes_.end()) return;
  tool::complain("note: " + sentence);
  notes_.push_back(std::move(sentence));
}

void job_report::add_summary(int rank, const std::string& summary) {
  summaries_[static_cast<std::size_t>(rank)] = json::parse(summary);
  if (++complete_ == summaries_.size()) complete.set();
}

std::uint64_t job_report::files() const noexcept {
  std::uint64_t all = 0;
  for (const figures& one : now_) all += one.files;
  return all;
}

std::uint64_t job_report::bytes() const noexcept {
  std::uint64_t all = 0;
  for (const figures& one : now_) all += one.bytes;
  return all;
}

void job_report::say_errors() {
  std::ranges::sort(errors_kept_);
  for (const error& one : errors_kept_) tool::complain(one.sentence);
  if (errors_ > errors_kept_.size())
    tool::complain(fmt::format("and {} errors more", errors_ - errors_kept_.size()));
}

std::uint64_t job_report::sum(const char* name) const {
  std::uint64_t all = 0;
  for (const json& one : summaries_) all += one.at(name).get<std::uint64_t>();
  return all;
}

bool job_report::is_dry_run() const { return summaries_.front().at("dry_run").get<bool>(); }

/// The same way of several ranks is one.
std::vector<json> job_report::contents() const {
  std::vector<json> all;
  for (const json& summary : summaries_) {
    for (const json& content : summary.at("contents")) {
      const auto same = [&](const json& other) { return described(other) == described(content); };
      const auto known = std::ranges::find_if(all, same);
      if (known == all.end()) {
        all.push_back(content);
        continue;
      }
      for (const char* const name : {"files", "bytes"})
        (*known)[name] =
            (*known)[name].get<std::uint64_t>() + content.at(name).get<std::uint64_t>();
    }
  }
  std::ranges::sort(all, {}, described);
  return all;
}

std::size_t job_report::slowest() const {
  const auto busy = [](const json& one) { return one.at("busy_seconds").get<double>(); };
  return static_cast<std::size_t>(std::ranges::max_element(summaries_, {}, busy) -
                                  summaries_.begin());
}

void job_report::print(double seconds) const {
  std::string line = is_dry_run() ? "nothing was touched; would be: " : "";
  for (const counted& one : counts) {
    const std::uint64_t n = sum(one.name);
    if (one.always || n != 0) line += fmt::format("{} {}, ", n, one.words);
  }
  line +=
      fmt::format("{} bytes in {:.2f} s by {} ranks\n", sum("bytes"), seconds, summaries_.size());
  for (const json& content : contents())
    line += fmt::format("{} of the files, {} bytes: {}\n", content.at("files").get<std::uint64_t>(),
                        content.at("bytes").get<std::uint64_t>(), described(content));
  const std::size_t rank = slowest();
  const json& last = summaries_[rank];
  line +=
      fmt::format("slowest: rank {} on {}, busy for {:.2f} s, with {} files and {} bytes\n", rank,
                  last.at("host").get<std::string>(), last.at("busy_seconds").get<double>(),
                  last.at("files").get<std::uint64_t>(), last.at("bytes").get<std::uint64_t>());
  tool::say(line);
}

json job_report::statistics(double seconds) const {
  const auto per_second = [&](const char* name) {
    return static_cast<double>(sum(name)) / std::max(seconds, 1e-6);
  };
  json all = {{"sizes", 0},        {"user_seconds", 0.0}, {"system_seconds", 0.0},
              {"memory_bytes", 0}, {"messages", 0},       {"message_bytes", 0}};
  for (const json& one : summaries_) {
    const json& own = one.at("statistics");
    const json& messages = one.at("messages");
    all["sizes"] = all["sizes"].get<std::uint64_t>() + own.at("sizes").get<std::uint64_t>();
    for (const char* const name : {"user_seconds", "system_seconds"})
      all[name] = all[name].get<double>() + own.at(name).get<double>();
    all["memory_bytes"] = std::max(all["memory_bytes"].get<std::uint64_t>(),
                                   own.at("memory_bytes").get<std::uint64_t>());
    all["messages"] =
        all["messages"].get<std::uint64_t>() + messages.at("sent").get<std::uint64_t>();
    all["message_bytes"] =
        all["message_bytes"].get<std::uint64_t>() + messages.at("bytes_sent").get<std::uint64_t>();
  }
  all["bytes_per_second"] = per_second("bytes");
  all["files_per_second"] = per_second("files");
  all["messages_of_rank_0"] = summaries_.front().at("messages");
  return all;
}

void job_report::print_statistics(double seconds) const {
  constexpr double mib = 1024.0 * 1024.0;
  const json all = statistics(seconds);
  const auto number = [&](const char* name) { return all.at(name).get<std::uint64_t>(); };
  const auto real = [&](const char* name) { return all.at(name).get<double>(); };
  const json& zero = all.at("messages_of_rank_0");
  tool::say(fmt::format(
      "content: {} bytes copied of files of {} bytes\n"
      "speed: {:.1f} MiB/s, {:.0f} files/s\n"
      "processor: {:.3f} s of the program, {:.3f} s of the system, in all ranks\n"
      "memory: {:.1f} MiB at most, in one rank\n"
      "messages: {} of {} bytes; rank 0 sent {} and received {}, in {:.3f} s of its processor\n",
      sum("bytes"), number("sizes"), real("bytes_per_second") / mib, real("files_per_second"),
      real("user_seconds"), real("system_seconds"),
      static_cast<double>(number("memory_bytes")) / mib, number("messages"),
      number("message_bytes"), zero.at("sent").get<std::uint64_t>(),
      zero.at("received").get<std::uint64_t>(), zero.at("seconds").get<double>()));
}

void job_report::print_json(double seconds, int status, json_wishes wishes) const {
  json all;
  if (wishes.statistics) all["statistics"] = statistics(seconds);
  for (const counted& one : counts) all[one.name] = sum(one.name);
  all["bytes"] = sum("bytes");
  all["dry_run"] = is_dry_run();
  all["seconds"] = seconds;
  all["status"] = status;
  all["error_count"] = errors_;
  auto errors = json::array();
  for (const error& one : errors_kept_) errors.push_back(one.sentence);
  all["errors"] = std::move(errors);
  all["notes"] = notes_;
  all["contents"] = contents();
  all["slowest_rank"] = slowest();
  auto ranks = json::array();
  for (const json& one : summaries_)
    ranks.push_back({{"host", one.at("host")},
                     {"busy_seconds", one.at("busy_seconds")},
                     {"files", one.at("files")},
                     {"directories", one.at("directories")},
                     {"bytes", one.at("bytes")}});
  all["ranks"] = std::move(ranks);
  tool::say(all.dump(-1, ' ', false, json::error_handler_t::replace) + "\n");
}

void send_what_is_said(tool::copy_report& report, mailbox& box) {
  report.on_error = [&box](std::string_view where, std::string_view sentence) {
    box.send(0, message_writer().put(talk::error).put(where).put(sentence).take());
  };
  report.on_note = [&box](std::string_view sentence) {
    box.send(0, message_writer().put(talk::note).put(sentence).take());
  };
  report.on_line = [&box](std::string_view line) {
    box.send(0, message_writer().put(talk::line).put(line).take());
  };
}

std::string summary_of(const tool::copy_report& report, const rank_work& work) {
  json object = report.object(work.seconds);
  object.erase("errors");
  object["busy_seconds"] = work.busy_seconds;
  object["host"] = host_name();
  object["statistics"] = report.statistics(work.seconds);
  object["messages"] = {{"sent", work.messages.sent},
                        {"received", work.messages.received},
                        {"bytes_sent", work.messages.bytes_sent},
                        {"seconds", work.message_seconds}};
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace carousel_mpi
