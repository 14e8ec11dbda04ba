#include "copy/pieces.hpp"

#include <algorithm>
#include <utility>

#include "carousel/detail/base/assert.hpp"

namespace carousel::tool {

pieces::pieces(std::vector<extent> extents, std::uint64_t grain, std::uint64_t piece_bytes)
    : extents_(std::move(extents)), piece_bytes_(piece_bytes) {
  CAROUSEL_ASSERT(grain != 0 && piece_bytes != 0 && piece_bytes % grain == 0,
                  "a piece must be a multiple of the grain");
  std::size_t wide = 0;  // the first of them are done
  std::uint64_t before = 0;
  for (const extent e : extents_) {
    CAROUSEL_ASSERT(before <= e.begin && e.begin <= e.end, "extents must ascend");
    before = e.end;
    if (e.begin == e.end) continue;
    const extent whole{e.begin / grain * grain, (e.end - 1) / grain * grain + grain};
    if (wide != 0 && whole.begin <= extents_[wide - 1].end) {
      extents_[wide - 1].end = std::max(extents_[wide - 1].end, whole.end);
    } else {
      extents_[wide++] = whole;
    }
  }
  extents_.resize(wide);
}

std::optional<extent> pieces::next() {
  if (current_ == extents_.size()) return std::nullopt;
  extent& rest = extents_[current_];
  const extent piece{rest.begin, rest.begin + std::min(rest.end - rest.begin, piece_bytes_)};
  rest.begin = piece.end;
  if (rest.begin == rest.end) ++current_;
  return piece;
}

}  // namespace carousel::tool
