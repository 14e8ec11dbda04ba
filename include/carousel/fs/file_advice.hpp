#pragma once

#include <fcntl.h>

#include <cstdint>

#include "carousel/config.hpp"

namespace carousel {

/// How bytes of a file are going to be used: file::advise().
enum class file_advice : std::uint8_t {
  normal = POSIX_FADV_NORMAL,
  random = POSIX_FADV_RANDOM,          ///< nothing is read ahead
  sequential = POSIX_FADV_SEQUENTIAL,  ///< more is read ahead
  will_need = POSIX_FADV_WILLNEED,     ///< they are read into the page cache now
  dont_need = POSIX_FADV_DONTNEED,     ///< the page cache drops those that are on the disk
  no_reuse = POSIX_FADV_NOREUSE,       ///< once
};

}  // namespace carousel
