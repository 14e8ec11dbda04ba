#include "copy/file_report.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <utility>

#include "common/naming.hpp"
#include "copy/lost_storage.hpp"

namespace carousel::tool {
namespace {

bool concerns_what_follows(const std::error_code& why) noexcept {
  return why == std::errc::no_space_on_device || why == std::errc::read_only_file_system ||
         is_lost_storage(why) || why == std::error_code(EDQUOT, std::generic_category());
}

std::string failure_text(std::string_view what, std::string_view where,
                         const std::error_code& why) {
  return fmt::format("cannot {} {}: {}", what, shell_quoted(where), why.message());
}

}  // namespace

void file_report::fail(std::string_view what, std::string_view where, const std::error_code& why) {
  said_.push_back({kind::error, failure_text(what, where, why), {}, std::string(where)});
}

void file_report::fail_at_target(std::string_view what, std::string_view where,
                                 const std::error_code& why) {
  const kind of = concerns_what_follows(why) ? kind::target_error : kind::error;
  said_.push_back({of, failure_text(what, where, why), {}, std::string(where)});
}

void file_report::refuse(std::string_view where, std::string_view why) {
  said_.push_back(
      {kind::error, fmt::format("{} {}", shell_quoted(where), why), {}, std::string(where)});
}

void file_report::lose(const attribute_losses& lost,
                       const std::function<std::string(bool of_source)>& name) {
  for (const attribute_loss& one : lost) {
    switch (one.comes_to()) {
      case fate::kept: break;
      case fate::note: note(one.sentence()); break;
      case fate::error: {
        const std::error_code why(one.error, std::generic_category());
        const bool of_source = one.row().at_source;
        // What has no room for an attribute may have it for all others.
        const bool for_all = !of_source && why == std::errc::read_only_file_system;
        if (for_all)
          fail_at_target(one.doing(), name(of_source), why);
        else
          fail(one.doing(), name(of_source), why);
        break;
      }
    }
  }
}

void file_report::note(std::string text) { said_.push_back({kind::note, std::move(text)}); }

void file_report::tell(std::string_view from, std::string_view to, std::string_view how) {
  said_.push_back({kind::line, fmt::format("{} -> {}{}{}\n", shell_quoted(from), shell_quoted(to),
                                           how.empty() ? "" : ": ", how)});
}

void file_report::tell(std::string_view name, std::string_view how) {
  said_.push_back({kind::line, fmt::format("{}: {}\n", shell_quoted(name), how)});
}

void file_report::list(std::string_view hash, std::string name) {
  said_.push_back({kind::listed, std::move(name), std::string(hash)});
}

}  // namespace carousel::tool
