#include "carousel/detail/driver/side_blocks.hpp"

#include <new>
#include <utility>

namespace carousel::detail {

side_blocks::~side_blocks() {
  for (std::byte* block : free_) {
    while (block != nullptr) {
      ::operator delete(std::exchange(block, *reinterpret_cast<std::byte**>(block)));
    }
  }
}

std::byte* side_blocks::take(slot& s, std::size_t bytes) {
  std::size_t size_class = 0;
  while (size_class < class_bytes.size() && class_bytes[size_class] < bytes) ++size_class;
  CAROUSEL_ASSERT_AT_MOST(bytes, class_bytes.back(), "an operation's side block is too large");
  std::byte*& head = free_[size_class];
  if (head != nullptr) {
    s.side = std::exchange(head, *reinterpret_cast<std::byte**>(head));
  } else {
    s.side = static_cast<std::byte*>(::operator new(class_bytes[size_class]));
  }
  s.side_class = static_cast<std::uint8_t>(size_class);
  return s.side;
}

}  // namespace carousel::detail
