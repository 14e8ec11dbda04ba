#pragma once

#include <sys/stat.h>

#include <filesystem>

namespace carousel {

/// Of the type bits of a mode (inode(7)). What readdir(3) says becomes a mode by DTTOIF().
inline std::filesystem::file_type type_of(mode_t mode) noexcept {
  using enum std::filesystem::file_type;
  switch (mode & S_IFMT) {
    case S_IFREG: return regular;
    case S_IFDIR: return directory;
    case S_IFLNK: return symlink;
    case S_IFBLK: return block;
    case S_IFCHR: return character;
    case S_IFIFO: return fifo;
    case S_IFSOCK: return socket;
    default: return unknown;
  }
}

}  // namespace carousel
