#include "copy/backup_options.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "common/naming.hpp"

namespace carousel::tool {
namespace {

/// What the environment says, if it says something.
void take_backup_environment(backup_wish& wish) {
  const char* const how = std::getenv("VERSION_CONTROL");
  if (how != nullptr) wish.how = backup_control(how).value_or(wish.how);
}

bool can_be_suffix(std::string_view text) noexcept { return !text.empty() && !text.contains('/'); }

void begin_backups(backup_wish& wish) {
  if (wish.how != backup_wish::control::none) return;
  wish.how = backup_wish::control::existing;
  take_backup_environment(wish);
}

}  // namespace

std::string suffix_of_environment() {
  const char* const suffix = std::getenv("SIMPLE_BACKUP_SUFFIX");
  return suffix != nullptr && can_be_suffix(suffix) ? suffix : "~";
}

option short_backup(backup_wish& wish) {
  return {"b", "", has_value::no, {}, "--backup without a CONTROL", [&wish](auto, auto) -> taken {
            begin_backups(wish);
            return {};
          }};
}

option backup_option(backup_wish& wish) {
  return {"",
          "backup",
          has_value::maybe,
          "CONTROL",
          "keep what is replaced under another name: simple (NAME~), numbered (NAME.~1~), existing "
          "(numbered where there are such, the default; $VERSION_CONTROL), or none",
          [&wish](std::string_view value, std::string_view spelt) -> taken {
            begin_backups(wish);
            if (value.empty()) return {};
            const auto how = backup_control(value);
            if (!how)
              return std::unexpected(fmt::format("{}: {} is not simple, numbered, existing or none",
                                                 spelt, shell_quoted(value)));
            wish.how = *how;
            return {};
          }};
}

option suffix_option(backup_wish& wish) {
  return {"S",
          "suffix",
          has_value::yes,
          "SUFFIX",
          "-b, with this behind the name in place of ~ ($SIMPLE_BACKUP_SUFFIX)",
          [&wish](std::string_view value, std::string_view spelt) -> taken {
            if (!can_be_suffix(value))
              return std::unexpected(
                  fmt::format("{}: {} cannot be the end of a name", spelt, shell_quoted(value)));
            begin_backups(wish);
            wish.suffix = value;
            return {};
          }};
}

}  // namespace carousel::tool
