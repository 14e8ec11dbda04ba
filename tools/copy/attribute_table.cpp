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
      {attribute::owner,
       "owner",
       all,
       "keep the owner of",
       "owners",
       false,  //
       {error, note, error, error, error}},
      {attribute::group,
       "group",
       all,
       "keep the group of",
       "groups",
       false,  //
       {error, note, error, error, error}},
      {attribute::mode,
       "mode",
       no_links,
       "keep the mode of",
       "modes",
       false,
       {error, error, error, error, error}},
      {attribute::times,
       "times",
       no_links,
       "keep the times of",
       "times",
       false,
       {error, error, error, error, error}},
      {attribute::link_times,
       "times",
       "links",
       "keep the times of",
       "times of symbolic links",
       false,
       {note, error, error, error, error}},
      {attribute::access_list,
       "access control list",
       no_links,
       "keep the access control list of",
       "access control lists",
       false,
       {error, error, error, error, error}},
      {attribute::access_list_read,
       "reading the access control list",
       no_links,
       "read the access control list of",
       "access control lists",
       true,
       {kept, error, error, error, error}},
      {attribute::extended,
       "extended attribute",
       all,
       "keep the extended attribute {} of",
       "extended attributes {}",
       false,
       {note, note, note, error, error}},
      {attribute::extended_names,
       "listing the extended attributes",
       all,
       "list the extended attributes of",
       "extended attributes",
       true,
       {kept, error, error, error, error}},
      {attribute::extended_value,
       "reading an extended attribute",
       all,
       "read the extended attribute {} of",
       "extended attributes {}",
       true,
       {note, note, note, error, error}},
      {attribute::system,
       "extended attribute `system.*`",
       all,
       "keep the extended attribute {} of",
       "extended attributes {}",
       false,
       {note, note, note, note, note}},
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
  if (unsupported) reason = "the file system does not take them";
  if (why == cause::denied_to_root) reason = "that is refused";
  const std::string which = unsupported ? name_space(name) : shell_quoted(name);
  return fmt::format("{} are not kept: {}", fmt::format(fmt::runtime(row().plural), which), reason);
}

}  // namespace carousel::tool
