#include "copy/content_way.hpp"

#include <fmt/format.h>

#include <cerrno>

#include "common/last_error.hpp"

namespace carousel::tool {

std::string_view way_name(content_way way) noexcept {
  switch (way) {
    case content_way::reflink: return "reflink";
    case content_way::in_kernel: return "copy_file_range";
    case content_way::direct: return "direct";
    case content_way::buffered: return "buffered";
  }
  return "";
}

std::string why_no_reflink(int reflink_error) {
  switch (reflink_error) {
    case 0: return {};
    case reflink_not_wanted: return "--reflink=never";
    case reflink_not_as_sparse: return "--sparse says where holes are";
    case reflink_not_needed: return "there is nothing to share";
    case EXDEV: return "the file systems differ";
    case EOPNOTSUPP:
    case ENOSYS:
    case ENOTTY: return "the file system has none";
    case EINVAL: return "the file system refuses it for these two files";
    case ETXTBSY: return "the file is in use as swap space";
    default: return error_text(reflink_error);
  }
}

std::string_view why_not_direct(no_direct why) noexcept {
  switch (why) {
    case no_direct::none: return "";
    case no_direct::short_file: return "the file is short";
    case no_direct::compressed: return "the target compresses";
    case no_direct::not_possible: return "a file system has no direct transfers";
    case no_direct::small_buffer: return "the buffers are smaller than a block";
    case no_direct::last_offset: return "the file ends at the last offset";
    case no_direct::descriptors: return "too few files may be open";
  }
  return "";
}

std::string describe(const chosen_way& way) {
  std::string text(way_name(way.taken));
  const std::string first = why_no_reflink(way.reflink_error);
  const std::string_view second = why_not_direct(way.why_not_direct);
  if (first.empty()) return text;
  text += fmt::format(" (no reflink: {}", first);
  if (!second.empty()) text += fmt::format("; not direct: {}", second);
  return text + ")";
}

}  // namespace carousel::tool
