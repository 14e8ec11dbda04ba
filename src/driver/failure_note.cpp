#include "carousel/detail/driver/failure_note.hpp"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "carousel/detail/driver/context.hpp"
#include "carousel/detail/driver/descriptor.hpp"
#include "driver/ring_driver.hpp"

namespace carousel::detail {
namespace {

/// When something happened: nothing else can have run in the task since, nor the kernel have been
/// entered.
struct moment {
  const context* where;
  std::uint32_t task;
  std::uint64_t enters;

  [[nodiscard]] static moment now() noexcept {
    const context* const here = current_context;
    if (here == nullptr) return {.where = nullptr, .task = 0, .enters = 0};
    return {.where = here,
            .task = here->task_id(),
            .enters = ring_driver::of(*here->io).counters().enters};
  }
  friend bool operator==(const moment&, const moment&) = default;
};

constexpr std::size_t path_bytes = 256;

[[nodiscard]] const char* act_of(opcode what) noexcept {
  switch (what) {
    case opcode::openat: return "open";
    case opcode::statx: return "examine";
    case opcode::read: return "read from";
    case opcode::write: return "write to";
    case opcode::fsync: return "sync";
    case opcode::fallocate: return "allocate storage for";
    case opcode::fadvise: return "announce the use of";
    case opcode::madvise: return "advise on memory";
    case opcode::ftruncate: return "change the size of";
    case opcode::close: return "close";
    case opcode::accept: return "accept a connection of";
    case opcode::poll_add: return "poll";
    case opcode::recv:
    case opcode::recvmsg: return "receive from";
    case opcode::send:
    case opcode::send_zc:
    case opcode::sendmsg: return "send to";
    case opcode::splice:
    case opcode::tee: return "move bytes out of";
    case opcode::getxattr:
    case opcode::fgetxattr: return "read an attribute of";
    case opcode::setxattr:
    case opcode::fsetxattr: return "set an attribute of";
    case opcode::shutdown: return "shut down";
    case opcode::mkdirat: return "make the directory";
    case opcode::unlinkat: return "remove";
    case opcode::renameat: return "rename";
    case opcode::linkat: return "link";
    case opcode::symlinkat: return "make a symbolic link to";
    default: return "use";
  }
}

struct note {
  moment at;
  int value;
  const std::error_category* category;
  const char* act;  ///< after "cannot ", and before the path
  int fd;           ///< of an open file, or -1
  bool from_current;
  std::array<char, path_bytes> path;    ///< as much of it as fits
  std::array<char, path_bytes> second;  ///< the other one, or empty
};
constinit thread_local note last_note{};

void begin_note(std::error_code error, const char* act) noexcept {
  last_note.at = moment::now();
  last_note.value = error.value();
  last_note.category = &error.category();
  last_note.act = act;
}

void copy_text(std::array<char, path_bytes>& to, const char* text) noexcept {
  const std::size_t length = ::strnlen(text, to.size() - 1);
  std::memcpy(to.data(), text, length);
  to[length] = '\0';
}

[[nodiscard]] std::string link_text(const char* link) {
  std::array<char, 4096> text{};
  const ssize_t n = ::readlink(link, text.data(), text.size());
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

/// What could be done about it, where the kernel's words do not say so.
[[nodiscard]] std::string hint(std::error_code error) {
  if (error.category() != std::generic_category()) return {};
  switch (error.value()) {
    case EMFILE: return "raise the limit with `ulimit -n`";
    case EACCES: return "its permissions, or those of a directory above it, forbid that";
    case ENFILE: return "raise fs.file-max with sysctl";
    case EADDRINUSE: return "another socket has the address; a Unix path stays until it is removed";
    case EADDRNOTAVAIL: return "no interface of this machine has the address";
    case ECONNREFUSED: return "nobody listens there";
    case EXDEV: return "the path leads out of its directory or to another file system";
    default: return {};
  }
}

[[nodiscard]] std::string sentence(std::error_code error) {
  std::string text = "cannot ";
  text += last_note.act;
  std::string path(last_note.path.data());
  std::string more = hint(error);
  if (last_note.fd >= 0)
    path = link_text(("/proc/self/fd/" + std::to_string(last_note.fd)).c_str());
  text += path.empty() ? " it" : " '" + path + "'";
  if (last_note.second[0] != '\0') text += std::string(" as '") + last_note.second.data() + "'";
  if (more.empty() && error == std::errc::no_such_file_or_directory && last_note.from_current &&
      !path.starts_with('/'))
    more = "from " + link_text("/proc/self/cwd");
  if (!more.empty()) text += " (" + more + ")";
  return text;
}

}  // namespace

std::error_code note_failure(std::error_code error, opcode what, const char* path,
                             const char* second, path_base relative_to) noexcept {
  begin_note(error, act_of(what));
  last_note.fd = -1;
  last_note.from_current = relative_to == path_base::current_directory;
  copy_text(last_note.path, path);
  copy_text(last_note.second, second);
  return error;
}

std::error_code note_failure(std::error_code error, opcode what, const descriptor* file) noexcept {
  begin_note(error, act_of(what));
  last_note.fd = file != nullptr ? file->fd : -1;
  last_note.from_current = false;
  last_note.path[0] = last_note.second[0] = '\0';
  return error;
}

std::error_code note_failure(std::error_code error, const char* act, const char* address) noexcept {
  begin_note(error, act);
  last_note.fd = -1;
  last_note.from_current = false;
  copy_text(last_note.path, address);
  last_note.second[0] = '\0';
  return error;
}

void throw_failure(std::error_code error) {
  const bool noted = last_note.value == error.value() && last_note.category == &error.category() &&
                     last_note.at == moment::now();
  if (noted) throw std::system_error(error, sentence(error));
  throw std::system_error(error);
}

}  // namespace carousel::detail
