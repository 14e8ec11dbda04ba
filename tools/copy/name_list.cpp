#include "copy/name_list.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "common/last_error.hpp"
#include "copy/listing.hpp"
#include "copy/path_only.hpp"

namespace carousel::tool {
namespace {

/// Of the first block: there are many small directories, and a deep tree has all on the way open.
constexpr std::size_t block_bytes_min = 512;
constexpr std::size_t block_bytes_max = std::size_t{64} << 10U;
constexpr std::size_t names_per_turn = 1024;

std::size_t bytes_of_block(std::size_t index) noexcept {
  constexpr std::size_t doublings = 7;
  return index < doublings ? block_bytes_min << index : block_bytes_max;
}

std::filesystem::file_type listed_type(unsigned char listed) noexcept {
  using std::filesystem::file_type;
  switch (listed) {
    case DT_REG: return file_type::regular;
    case DT_DIR: return file_type::directory;
    case DT_LNK: return file_type::symlink;
    case DT_BLK: return file_type::block;
    case DT_CHR: return file_type::character;
    case DT_FIFO: return file_type::fifo;
    case DT_SOCK: return file_type::socket;
    default: return file_type::unknown;
  }
}

/// A descriptor with a position of its own; -1 and errno. Who may read a directory need not be
/// allowed to look anything up in it, not even ".".
int open_again(int fd) noexcept {
  constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
  const int again = ::openat(fd, ".", flags);
  if (again >= 0 || errno != EACCES) return again;
  const int through_proc = ::open(path_in_proc(fd).data(), flags);
  if (through_proc < 0 && errno != EMFILE && errno != ENFILE) errno = EACCES;
  return through_proc;
}

}  // namespace

name_list::entry name_list::operator[](std::size_t index) const noexcept {
  return look_at(places_[index]);
}

name_list::entry name_list::look_at(const place_of& at) const noexcept {
  const auto type = static_cast<signed char>(at.at & ((1U << type_bits) - 1));
  const std::uint64_t where = at.at >> type_bits;
  const char* const block = blocks_[where >> offset_bits].get();
  return {std::string_view(&block[static_cast<std::uint32_t>(where)]), at.inode,
          static_cast<std::filesystem::file_type>(type)};
}

void name_list::add(std::string_view name, std::uint64_t inode, std::filesystem::file_type type) {
  const std::size_t wanted = name.size() + 1;
  if (blocks_.empty() || used_ + wanted > bytes_of_block(blocks_.size() - 1)) {
    const std::size_t bytes = std::max(bytes_of_block(blocks_.size()), wanted);
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(bytes));
    used_ = 0;
  }
  char* const at = &blocks_.back()[used_];
  std::memcpy(at, name.data(), name.size());
  at[name.size()] = '\0';
  const auto as_byte = static_cast<unsigned char>(static_cast<signed char>(type));
  const std::uint64_t where = std::uint64_t{blocks_.size() - 1} << offset_bits | used_;
  places_.push_back({inode, where << type_bits | as_byte});
  used_ += wanted;
}

void name_list::sort_by_inode() {
  std::ranges::sort(places_, {}, [](const place_of& it) { return std::pair(it.inode, it.at); });
}

task<result<name_list>> names_in(directory where) {
  const listing stream = listing_of(open_again(where.fd()));
  if (!stream) co_return std::unexpected(last_error());
  name_list names;
  for (;;) {
    errno = 0;
    const dirent* const next = ::readdir(stream.get());
    if (next == nullptr) break;
    const std::string_view name = static_cast<const char*>(next->d_name);
    if (name == "." || name == "..") continue;
    names.add(name, next->d_ino, listed_type(next->d_type));
    if (names.size() % names_per_turn == 0) co_await yield();
  }
  if (errno != 0) co_return std::unexpected(last_error());
  co_return names;
}

}  // namespace carousel::tool
