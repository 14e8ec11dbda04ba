#include "copy/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
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

bool concerns_what_follows(const std::error_code& why) noexcept {
  return why == std::errc::no_space_on_device || why == std::errc::read_only_file_system ||
         why == std::errc::io_error || why == std::error_code(EDQUOT, std::generic_category());
}

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

void copy_report::error(std::string sentence, bool aloud) {
  if (aloud) {
    before_output();
    complain(sentence);
  }
  ++errors_;
  if (first_errors_.size() < errors_kept) first_errors_.push_back(std::move(sentence));
}

void copy_report::fail(std::string_view what, std::string_view where, const std::error_code& why) {
  error(fmt::format("cannot {} {}: {}", what, shell_quoted(where), why.message()));
}

void copy_report::fail_at_target(std::string_view what, std::string_view where,
                                 const std::error_code& why) {
  const bool ends = concerns_what_follows(why);
  error(fmt::format("cannot {} {}: {}", what, shell_quoted(where), why.message()),
        !ends || target_errors_ < target_errors_max);
  if (!ends || ++target_errors_ != target_errors_max) return;
  error(fmt::format("gave up after {} errors of the target: what is left is not copied",
                    target_errors_max));
}

void copy_report::refuse(std::string_view where, std::string_view why) {
  error(fmt::format("{} {}", shell_quoted(where), why));
}

void copy_report::lose(const attribute_losses& lost,
                       const std::function<std::string(bool of_source)>& name) {
  for (const attribute_loss& one : lost) {
    switch (one.comes_to()) {
      case fate::kept: break;
      case fate::note: note(one.sentence()); break;
      case fate::error:
        fail(one.doing(), name(one.row().at_source), {one.error, std::generic_category()});
        break;
    }
  }
}

void copy_report::note(std::string text) {
  if (notes_.size() > notes_max || std::ranges::find(notes_, text) != notes_.end()) return;
  if (notes_.size() == notes_max) text = "there is more of the kind, which is not said";
  before_output();
  complain("note: " + text);
  notes_.push_back(std::move(text));
}

void copy_report::tell(std::string_view from, std::string_view to, std::string_view how) {
  before_output();
  say(fmt::format("{} -> {}{}{}\n", shell_quoted(from), shell_quoted(to), how.empty() ? "" : ": ",
                  how));
}

void copy_report::tell(std::string_view name, std::string_view how) {
  before_output();
  say(fmt::format("{}: {}\n", shell_quoted(name), how));
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
          {"dry_run", dry_run},       {"bytes", bytes},
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
  line += fmt::format(", {} bytes in {:.2f} s\n", bytes, seconds);
  for (const auto& [way, done] : contents_)
    line += fmt::format("{} of the files, {} bytes: {}\n", done.files, done.bytes, describe(way));
  say(line);
}

}  // namespace carousel::tool
