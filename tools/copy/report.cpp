#include "copy/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/interruption.hpp"
#include "common/naming.hpp"
#include "common/output.hpp"

namespace carousel::tool {
namespace {

/// A tree of a million unreadable files shall not fill the memory with sentences.
constexpr std::size_t errors_kept = 1000;
constexpr std::size_t notes_max = 100;
/// Some, because a large file may find no room where smaller ones do.
constexpr std::uint64_t target_errors_max = 20;

const char* word(registration r) noexcept {
  switch (r) {
    case registration::none: return "none";
    case registration::fixed: return "fixed";
    case registration::plain: return "plain";
  }
  return "";
}

}  // namespace

bool copy_report::over() const noexcept {
  return interrupted() != 0 || target_errors_ >= target_errors_max;
}

std::shared_ptr<file_report> copy_report::begin() {
  return steps_.emplace_back(std::make_shared<file_report>(names_each));
}

void copy_report::end(file_report& step) {
  step.ended_ = true;
  target_errors_ += static_cast<std::uint64_t>(std::ranges::count(
      step.said_, file_report::kind::target_error, &file_report::statement::what));
  while (!steps_.empty() && steps_.front()->ended_) {
    publish(*steps_.front());
    steps_.pop_front();
  }
}

void copy_report::publish_all() {
  for (const auto& step : std::exchange(steps_, {})) publish(*step);
}

void copy_report::publish(file_report& step) {
  for (file_report::statement& said : std::exchange(step.said_, {})) publish(said);
}

void copy_report::publish(file_report::statement& said) {
  using kind = file_report::kind;
  switch (said.what) {
    case kind::error: return add_error(said.where, std::move(said.text), true);
    case kind::target_error:
      add_error(said.where, std::move(said.text),
                has_others || target_errors_told_ < target_errors_max);
      if (++target_errors_told_ == target_errors_max && !has_others)
        add_error({},
                  fmt::format("stopped after {} errors of the target: what is left is not copied",
                              target_errors_max),
                  true);
      return;
    case kind::note: return add_note(std::move(said.text));
    case kind::line: before_output(); return on_line(said.text);
    case kind::listed: return on_listed(said.hash, said.text);
  }
}

void copy_report::say_error(std::string_view, std::string_view sentence) { complain(sentence); }
void copy_report::say_line(std::string_view line) { say(line); }
void copy_report::say_note(std::string_view sentence) {
  complain(std::string("note: ").append(sentence));
}

void copy_report::add_error(std::string_view where, std::string sentence, bool aloud) {
  if (aloud) {
    before_output();
    on_error(where, sentence);
  }
  ++errors_;
  if (first_errors_.size() < errors_kept) first_errors_.push_back(std::move(sentence));
}

void copy_report::add_note(std::string text) {
  if (notes_.size() > notes_max || std::ranges::find(notes_, text) != notes_.end()) return;
  if (notes_.size() == notes_max) text = "there is more of the kind, which is not said";
  before_output();
  on_note(text);
  notes_.push_back(std::move(text));
}

template <class Say>
void copy_report::at_once(Say say) {
  const auto step = begin();
  say(*step);
  end(*step);
}

void copy_report::fail(std::string_view what, std::string_view where, const std::error_code& why) {
  at_once([&](file_report& step) { step.fail(what, where, why); });
}

void copy_report::fail_at_target(std::string_view what, std::string_view where,
                                 const std::error_code& why) {
  at_once([&](file_report& step) { step.fail_at_target(what, where, why); });
}

void copy_report::refuse(std::string_view where, std::string_view why) {
  at_once([&](file_report& step) { step.refuse(where, why); });
}

void copy_report::note(std::string text) {
  at_once([&](file_report& step) { step.note(std::move(text)); });
}

void copy_report::tell(std::string_view from, std::string_view to, std::string_view how) {
  at_once([&](file_report& step) { step.tell(from, to, how); });
}

void copy_report::tell(std::string_view name, std::string_view how) {
  at_once([&](file_report& step) { step.tell(name, how); });
}

nlohmann::json copy_report::object(double seconds) const {
  auto contents = nlohmann::json::array();
  for (const auto& [way, done] : contents_)
    contents.push_back({{"way", way_name(way.taken)},
                        {"no_reflink", why_no_reflink(way.reflink_error)},
                        {"not_direct", why_not_direct(way.why_not_direct)},
                        {"files", done.files},
                        {"bytes", done.bytes}});
  return {{"files", files},           {"directories", directories},
          {"symlinks", symlinks},     {"special_files", special_files},
          {"hard_links", hard_links}, {"skipped", skipped},
          {"excluded", excluded},     {"removed", removed},
          {"dry_run", dry_run},       {"bytes", bytes.load()},
          {"seconds", seconds},       {"registration", word(buffers)},
          {"error_count", errors_},   {"errors", first_errors_},
          {"notes", notes_},          {"contents", std::move(contents)}};
}

void copy_report::print(double seconds) const {
  std::string line = dry_run ? "nothing was touched; would be: " : "";
  line += fmt::format("{} files, {} directories, {} symbolic links", files, directories, symlinks);
  if (special_files != 0) line += fmt::format(", {} special files", special_files);
  if (hard_links != 0) line += fmt::format(", {} hard links", hard_links);
  if (skipped != 0) line += fmt::format(", {} kept", skipped);
  if (excluded != 0) line += fmt::format(", {} excluded", excluded);
  if (removed != 0) line += fmt::format(", {} removed", removed);
  line += fmt::format(", {} bytes in {:.2f} s\n", bytes.load(), seconds);
  for (const auto& [way, done] : contents_)
    line += fmt::format("{} of the files, {} bytes: {}\n", done.files, done.bytes, describe(way));
  say(line);
}

}  // namespace carousel::tool
