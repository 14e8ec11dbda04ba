#include "copy/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/naming.hpp"
#include "common/output.hpp"

namespace carousel::tool {
namespace {

/// A tree of a million unreadable files shall not fill the memory with sentences.
constexpr std::size_t errors_kept = 1000;

const char* word(registration r) noexcept {
  switch (r) {
    case registration::none: return "none";
    case registration::fixed: return "fixed";
    case registration::plain: return "plain";
  }
  return "";
}

}  // namespace

void copy_report::error(std::string sentence) {
  before_output();
  complain(sentence);
  ++errors_;
  if (first_errors_.size() < errors_kept) first_errors_.push_back(std::move(sentence));
}

void copy_report::fail(std::string_view what, std::string_view where, const std::error_code& why) {
  error(fmt::format("cannot {} {}: {}", what, shell_quoted(where), why.message()));
}

void copy_report::refuse(std::string_view where, std::string_view why) {
  error(fmt::format("{} {}", shell_quoted(where), why));
}

void copy_report::note(std::string text) {
  if (std::ranges::find(notes_, text) != notes_.end()) return;
  before_output();
  complain("note: " + text);
  notes_.push_back(std::move(text));
}

nlohmann::json copy_report::object(double seconds) const {
  return {{"files", files},         {"directories", directories},
          {"symlinks", symlinks},   {"hard_links", hard_links},
          {"skipped", skipped},     {"bytes", bytes},
          {"seconds", seconds},     {"registration", word(buffers)},
          {"error_count", errors_}, {"errors", first_errors_},
          {"notes", notes_}};
}

void copy_report::print(double seconds) const {
  std::string line =
      fmt::format("{} files, {} directories, {} symbolic links", files, directories, symlinks);
  if (hard_links != 0) line += fmt::format(", {} hard links", hard_links);
  if (skipped != 0) line += fmt::format(", {} kept", skipped);
  say(fmt::format("{}, {} bytes in {:.2f} s\n", line, bytes, seconds));
}

}  // namespace carousel::tool
