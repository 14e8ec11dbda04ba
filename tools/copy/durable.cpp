#include "copy/durable.hpp"

#include <fcntl.h>
#include <unistd.h>

#include "common/last_error.hpp"
#include "copy/descriptors.hpp"

namespace carousel::tool {
namespace {

/// Through a file without a name, which can be made where nothing can be read.
result<> sync_file_system_of(int directory) noexcept {
  const int fd = ::openat(directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
  const std::error_code why = last_error();
  if (fd < 0 && out_of_descriptors(why)) return std::unexpected(why);
  if (fd < 0) return std::unexpected(std::make_error_code(std::errc::permission_denied));
  result<> synced;
  if (::syncfs(fd) != 0) synced = std::unexpected(last_error());
  ::close(fd);
  return synced;
}

}  // namespace

task<result<>> make_content_durable(file made, sync_wish wish) {
  switch (wish) {
    case sync_wish::none: break;
    case sync_wish::data: co_return co_await made.sync_data();
    case sync_wish::full: co_return co_await made.sync_all();
  }
  co_return result<>{};
}

task<result<>> make_names_durable(directory where) {
  const int flags = ::fcntl(where.fd(), F_GETFL);
  const bool only_named = flags >= 0 && (flags & O_PATH) != 0;
  if (only_named) co_return sync_file_system_of(where.fd());
  co_return co_await where.sync();
}

}  // namespace carousel::tool
