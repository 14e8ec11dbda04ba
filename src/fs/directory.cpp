#include "carousel/fs/directory.hpp"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "carousel/fs/file.hpp"
#include "carousel/yield.hpp"

namespace carousel {
namespace {

constexpr std::size_t names_per_turn = 1024;

detail::request at_cwd(detail::request req) noexcept {
  req.fd = AT_FDCWD;
  return req;
}

std::filesystem::file_type type_of(unsigned char d_type) noexcept {
  using enum std::filesystem::file_type;
  switch (d_type) {
    case DT_REG: return regular;
    case DT_DIR: return directory;
    case DT_LNK: return symlink;
    case DT_BLK: return block;
    case DT_CHR: return character;
    case DT_FIFO: return fifo;
    case DT_SOCK: return socket;
    default: return unknown;
  }
}

}  // namespace

detail::operation<detail::path_call> directory::create(const std::filesystem::path& path,
                                                       unsigned mode) {
  return detail::operation(
      detail::path_call{.req = at_cwd({.code = detail::opcode::mkdirat, .length = mode}),
                        .names = {path.native(), {}},
                        .held = {}});
}

task<result<>> directory::create_all(std::filesystem::path path, unsigned mode) {
  if (path.empty())
    co_return std::unexpected(std::make_error_code(std::errc::no_such_file_or_directory));
  std::filesystem::path prefix;
  result<> last;
  for (const auto& part : path) {
    prefix /= part;
    if (part.empty() || part == "/" || part == "." || part == "..") continue;
    last = co_await create(prefix, mode);
    if (!last && last.error() != std::errc::file_exists) co_return last;
  }
  if (last) co_return last;
  const auto about = co_await file::info(path);
  if (!about) co_return std::unexpected(about.error());
  if (about->type == std::filesystem::file_type::directory) co_return result<>{};
  co_return std::unexpected(std::make_error_code(std::errc::not_a_directory));
}

detail::operation<detail::path_call> directory::remove(const std::filesystem::path& path) {
  return detail::operation(
      detail::path_call{.req = at_cwd({.code = detail::opcode::unlinkat, .op_flags = AT_REMOVEDIR}),
                        .names = {path.native(), {}},
                        .held = {}});
}

detail::operation<detail::path_call> directory::rename(const std::filesystem::path& from,
                                                       const std::filesystem::path& to) {
  return file::rename(from, to);
}

task<result<std::vector<directory_entry>>> directory::list(std::filesystem::path path) {
  if (const detail::failure_code error = detail::paths{path.native(), {}}.check(); error != 0) {
    co_return std::unexpected(detail::to_error(error));
  }
  const auto close = [](DIR* d) { closedir(d); };
  const std::unique_ptr<DIR, decltype(close)> stream(opendir(path.c_str()), close);
  if (stream == nullptr) co_return std::unexpected(detail::kernel_error(-errno));
  std::vector<directory_entry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(stream.get());
    if (entry == nullptr) break;
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    entries.push_back({.name = std::string(name), .type = type_of(entry->d_type)});
    if (entries.size() % names_per_turn == 0) co_await yield();
  }
  if (errno != 0) co_return std::unexpected(detail::kernel_error(-errno));
  co_return entries;
}

}  // namespace carousel
