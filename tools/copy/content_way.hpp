#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace carousel::tool {

/// How the content of a file comes into its copy, the best way first.
enum class content_way : std::uint8_t {
  reflink,    ///< both share the storage until one of them is written to
  in_kernel,  ///< copy_file_range: from page cache to page cache
  direct,     ///< around the page cache
  buffered,   ///< through the page cache and a buffer of this program
};

/// Why transfers do not go around the page cache.
enum class no_direct : std::uint8_t {
  none,  ///< they do, or there are no transfers
  short_file,
  compressed,    ///< what is written directly is not
  not_possible,  ///< at the source or at the target, or nobody says how
  small_buffer,  ///< than what transfers must be multiples of
  last_offset,   ///< the last of them would go beyond it
  descriptors,   ///< there are too few, and nobody has more to give back
};

/// In place of an errno: sharing was not tried.
constexpr int reflink_not_wanted = -1;
constexpr int reflink_not_as_sparse = -3;  ///< --sparse says where the copy has holes
constexpr int reflink_not_needed = -2;     ///< the source has no content to share

/// The way that was taken, and why none that is better.
struct chosen_way {
  content_way taken = content_way::buffered;
  int reflink_error = 0;  ///< of FICLONE, or one of the above
  no_direct why_not_direct = no_direct::none;

  friend auto operator<=>(const chosen_way&, const chosen_way&) = default;
};

[[nodiscard]] std::string_view way_name(content_way way) noexcept;
/// "the file systems differ", of a reflink_error; empty where storage is shared.
[[nodiscard]] std::string why_no_reflink(int reflink_error);
/// "the file is short"; empty where transfers are direct, or there are none.
[[nodiscard]] std::string_view why_not_direct(no_direct why) noexcept;
/// "buffered (no reflink: the file systems differ; not direct: the file is short)".
[[nodiscard]] std::string describe(const chosen_way& way);

}  // namespace carousel::tool
