#include "copy/storage.hpp"

namespace carousel::tool {

task<std::uint64_t> direct_grain(const file& f, std::size_t memory_alignment) {
  const auto info = co_await f.info();
  if (!info || info->direct_offset_alignment == 0 || info->direct_memory_alignment == 0)
    co_return 0;
  co_return memory_alignment % info->direct_memory_alignment == 0 ? info->direct_offset_alignment
                                                                  : 0;
}

}  // namespace carousel::tool
