#include "copy/attribute_table.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "common/naming.hpp"

namespace carousel::tool {
namespace {

constexpr std::array<std::string_view, causes> cause_names = {
    "unsupported", "denied to a user", "denied to root", "too large", "any other"};

/// "user.*" of "user.name".
std::string name_space(std::string_view name) {
  return std::string(name.substr(0, name.find('.'))) + ".*";
}

}  // namespace

/// As cp -p and cp -a have it where they say something. What they lose without a word is a note
/// here where no user could do anything about it, and an error where it is lost although it could
/// be kept.
// NOLINTNEXTLINE(readability-function-size): it is a table
const std::vector<attribute_row>& attribute_table() {
  using enum fate;
  constexpr std::string_view all = "files, directories, links";
  constexpr std::string_view no_links = "files, directories";
  static const std::vector<attribute_row> rows = {
      {.what = attribute::owner,
       .name = "owner",
       .of = all,
       .doing = "keep the owner of",
       .plural = "owners",
       .fates = {error, note, error, error, error}},
      {.what = attribute::group,
       .name = "group",
       .of = all,
       .doing = "keep the group of",
       .plural = "groups",
       .fates = {error, note, error, error, error}},
      {.what = attribute::mode,
       .name = "mode",
       .of = no_links,
       .doing = "keep the mode of",
       .plural = "modes",
       .fates = {error, error, error, error, error}},
      {.what = attribute::times,
       .name = "times",
       .of = no_links,
       .doing = "keep the times of",
       .plural = "times",
       .fates = {error, error, error, error, error}},
      {.what = attribute::link_times,
       .name = "times",
       .of = "links",
       .doing = "keep the times of",
       .plural = "times of symbolic links",
       .fates = {note, error, error, error, error}},
      {.what = attribute::access_list,
       .name = "access control list",
       .of = no_links,
       .doing = "keep the access control list of",
       .plural = "access control lists",
       .fates = {error, error, error, error, error}},
      {.what = attribute::access_list_read,
       .name = "reading the access control list",
       .of = no_links,
       .doing = "read the access control list of",
       .plural = "access control lists",
       .at_source = true,
       .fates = {kept, error, error, error, error}},
      {.what = attribute::access_list_removal,
       .name = "removing an access control list",
       .of = no_links,
       .doing = "remove the access control list, which its source has not, of",
       .plural = "access control lists",
       .fails = "removed",
       .fates = {kept, error, error, error, error}},
      {.what = attribute::extended,
       .name = "extended attribute",
       .of = all,
       .doing = "keep the extended attribute {} of",
       .plural = "extended attributes {}",
       .fates = {note, note, note, error, error}},
      {.what = attribute::extended_names,
       .name = "listing the extended attributes",
       .of = all,
       .doing = "list the extended attributes of",
       .plural = "extended attributes",
       .at_source = true,
       .fates = {kept, error, error, error, error}},
      {.what = attribute::extended_value,
       .name = "reading an extended attribute",
       .of = all,
       .doing = "read the extended attribute {} of",
       .plural = "extended attributes {}",
       .at_source = true,
       .fates = {note, note, note, error, error}},
      {.what = attribute::extended_removal,
       .name = "removing an extended attribute",
       .of = "files",
       .doing = "remove the extended attribute {}, which its source has not, of",
       .plural = "extended attributes {}",
       .fails = "removed",
       .fates = {note, note, error, error, error}},
      {.what = attribute::system,
       .name = "extended attribute `system.*`",
       .of = all,
       .doing = "keep the extended attribute {} of",
       .plural = "extended attributes {}",
       .fates = {note, note, note, note, note}},
  };
  return rows;
}

std::string_view cause_name(cause why) noexcept {
  return cause_names.at(static_cast<std::size_t>(why));
}

std::string_view fate_name(fate what) noexcept {
  switch (what) {
    case fate::kept: return "-";
    case fate::note: return "note";
    case fate::error: return "error";
  }
  return "";
}

cause cause_of(attribute what, int error, bool root) noexcept {
  const cause denied = root ? cause::denied_to_root : cause::denied_to_a_user;
  switch (error) {
    case ENOTSUP:
    case ENOSYS: return cause::unsupported;
    case EPERM:
    case EACCES: return denied;
    case EINVAL:
      // An owner that the user namespace has no number for.
      return what == attribute::owner || what == attribute::group ? denied : cause::failed;
    case E2BIG:
    case ENOSPC:
    case EDQUOT:
    case ERANGE: return cause::too_large;
    default: return cause::failed;
  }
}

const attribute_row& attribute_loss::row() const {
  return attribute_table().at(static_cast<std::size_t>(what));
}

fate attribute_loss::comes_to() const {
  const cause why = cause_of(what, error, ::geteuid() == 0);
  return row().fates.at(static_cast<std::size_t>(why));
}

std::string attribute_loss::doing() const {
  return fmt::format(fmt::runtime(row().doing), shell_quoted(name));
}

std::string attribute_loss::sentence() const {
  if (what == attribute::system)
    return fmt::format(
        "the extended attribute {} is not kept: it is what a file system shows of itself",
        shell_quoted(name));
  const cause why = cause_of(what, error, ::geteuid() == 0);
  const bool unsupported = why == cause::unsupported;
  std::string_view reason = "that needs more privileges";
  if (unsupported)
    reason = what == attribute::extended_removal ? "the file system does not do that"
                                                 : "the file system does not take them";
  if (why == cause::denied_to_root) reason = "that is refused";
  const std::string which = unsupported ? name_space(name) : shell_quoted(name);
  return fmt::format("{} are not {}: {}", fmt::format(fmt::runtime(row().plural), which),
                     row().fails, reason);
}

}  // namespace carousel::tool
