// usage: fault_fs MOUNTPOINT A FUSE file system whose files have one fault each, named by the file.
// Reading gives the letters a to w in turn, 1 MiB of them unless the name says otherwise. New files
// may be made: what they do wrong is in their own name, wherever it stands in it, so that temporary
// names of a copy have the fault of the final one. Where the mount point is called "twins", all
// names with "twin" in them have one inode number, as files of two file systems that a server
// mirrors have: "twin_one" and "twin_same" are one file, "twin_two" is another one. "endless",
// which is not listed, is longer after each time that it is read. What gets the name "secret" may
// not be read by it, and when something gets the name "late" the file "source" in the directory of
// this program is written to.
#define FUSE_USE_VERSION 31
#include <fcntl.h>
#include <fuse.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace {

constexpr off_t file_bytes = 1 << 20;
constexpr off_t huge_bytes = 9 << 20;
constexpr off_t shrunk_bytes = 300'000;
constexpr off_t read_fails_at = 65'536;
constexpr off_t write_fails_at = 100'000;
constexpr std::size_t short_bytes = 1000;

constexpr std::size_t short_name_max = 143;

constexpr std::array names = {"ok",         "short",       "read_eio",   "huge_read_eio", "shrunk",
                              "grown",      "huge_shrunk", "huge_grown", "no_size",       "eintr",
                              "eintr_once", "lies_hole",   "hangs"};

off_t& endless_bytes() {
  static off_t bytes = file_bytes;
  return bytes;
}

/// Files that were made here.
std::map<std::string, std::string>& made() {
  static std::map<std::string, std::string> files;
  return files;
}

bool is(const char* path, std::string_view fault) {
  return std::string_view(path).find(fault) != std::string_view::npos;
}

bool is_own(const char* path) {
  return std::ranges::find(names, std::string_view(path + 1)) != names.end();
}

int get_attributes(const char* path, struct stat* about, fuse_file_info*) {
  *about = {};
  about->st_nlink = 1;
  about->st_uid = ::getuid();
  about->st_gid = ::getgid();
  if (std::string_view(path) == "/") {
    about->st_mode = S_IFDIR | 0755;
    return 0;
  }
  about->st_mode = S_IFREG | 0644;
  about->st_ino = std::hash<std::string_view>()(path);
  if (is(path, "twin")) {
    about->st_ino = 7;
    about->st_nlink = 2;
    about->st_size = file_bytes;
    about->st_ctim.tv_sec = is(path, "two") ? 2 : 1;
    return 0;
  }
  if (const auto at = made().find(path); at != made().end()) {
    about->st_size = static_cast<off_t>(at->second.size());
    about->st_blocks = (about->st_size + 511) / 512;
    return 0;
  }
  if (!is_own(path) && !is(path, "endless")) return -ENOENT;
  if (is(path, "endless")) about->st_mtim.tv_sec = endless_bytes();
  about->st_size = is(path, "no_size")   ? 0
                   : is(path, "endless") ? endless_bytes()
                   : is(path, "huge")    ? huge_bytes
                   : is(path, "grown")   ? file_bytes / 2
                                         : file_bytes;
  about->st_blocks = is(path, "lies_hole") ? 0 : about->st_size / 512;
  return 0;
}

void* give_out_own_inodes(fuse_conn_info*, fuse_config* config) {
  config->use_ino = 1;
  return nullptr;
}

int list(const char*, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
         fuse_readdir_flags) {
  constexpr auto no_flags = static_cast<fuse_fill_dir_flags>(0);
  for (const char* name : names) fill(buffer, name, nullptr, 0, no_flags);
  for (const auto& [name, content] : made()) fill(buffer, name.c_str() + 1, nullptr, 0, no_flags);
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  if (std::string_view(path) == "/secret") return -EACCES;
  info->direct_io = 1;
  return 0;
}

int make_file(const char* path, mode_t, fuse_file_info* info) {
  // As eCryptfs, whose names are longer below.
  if (is(path, "short_name") && std::string_view(path + 1).size() > short_name_max)
    return -ENAMETOOLONG;
  made()[path];
  return open_file(path, info);
}

int read_file(const char* path, char* to, std::size_t bytes, off_t at, fuse_file_info*) {
  if (is(path, "hangs")) ::sleep(6);
  static bool interrupted_once = false;
  if (is(path, "eintr_once") && !std::exchange(interrupted_once, true)) return -EINTR;
  if (is(path, "eintr") && !is(path, "eintr_once")) return -EINTR;
  if (const auto own = made().find(path); own != made().end()) {
    const std::string& content = own->second;
    if (at >= static_cast<off_t>(content.size())) return 0;
    return static_cast<int>(content.copy(to, bytes, static_cast<std::size_t>(at)));
  }
  off_t end = is(path, "shrunk") ? shrunk_bytes : is(path, "huge") ? huge_bytes + 5 : file_bytes;
  if (is(path, "endless")) end = endless_bytes() = at + 2 * file_bytes;
  if (is(path, "read_eio")) {
    if (at >= read_fails_at) return -EIO;
    end = read_fails_at;
  }
  if (at >= end) return 0;
  bytes = std::min(bytes, static_cast<std::size_t>(end - at));
  if (is(path, "short")) bytes = std::min(bytes, short_bytes);
  if (is(path, "twin_two")) return static_cast<int>(std::fill_n(to, bytes, '2') - to);
  for (std::size_t i = 0; i < bytes; ++i)
    to[i] = static_cast<char>('a' + (at + static_cast<off_t>(i)) % 23);
  return static_cast<int>(bytes);
}

int write_file(const char* path, const char* from, std::size_t bytes, off_t at, fuse_file_info*) {
  if (is(path, "write_enospc")) {
    if (at >= write_fails_at) return -ENOSPC;
    bytes = std::min(bytes, static_cast<std::size_t>(write_fails_at - at));
  }
  if (is(path, "write_eio")) return -EIO;
  if (is(path, "write_short")) bytes = std::min(bytes, short_bytes);
  std::string& content = made()[path];
  const auto offset = static_cast<std::size_t>(at);
  if (content.size() < offset + bytes) content.resize(offset + bytes);
  content.replace(offset, bytes, from, bytes);
  // What is stored is not what was written, and nobody says so.
  if (is(path, "corrupts") && offset == 0) content[7] = '#';
  return static_cast<int>(bytes);
}

int sync_file(const char* path, int data_only, fuse_file_info*) {
  std::puts(data_only != 0 ? "sync data" : "sync file");
  return is(path, "sync_eio") ? -EIO : 0;
}
int sync_directory(const char*, int, fuse_file_info*) {
  std::puts("sync directory");
  return 0;
}
int flush_file(const char* path, fuse_file_info*) { return is(path, "close_eio") ? -EIO : 0; }

int resize_file(const char* path, off_t size, fuse_file_info*) {
  made()[path].resize(static_cast<std::size_t>(size));
  return 0;
}

int reserve(const char* path, int, off_t, off_t, fuse_file_info*) {
  if (is(path, "reserve_enospc")) return -ENOSPC;
  if (is(path, "reserve_efbig")) return -EFBIG;
  if (is(path, "reserve_eperm")) return -EPERM;
  return is(path, "reserve_eio") ? -EIO : -EOPNOTSUPP;
}

int remove_file(const char* path) { return made().erase(path) != 0 ? 0 : -ENOENT; }

/// Where this program was started: FUSE changes to the root.
int& begun_in() {
  static int directory = -1;
  return directory;
}

int write_to_source() {
  const int fd = ::openat(begun_in(), "source", O_WRONLY | O_CLOEXEC);
  const ssize_t written = ::pwrite(fd, "#", 1, 7);
  ::close(fd);
  return written == 1 ? 0 : -EIO;
}

int rename_file(const char* from, const char* to, unsigned flags) {
  if (flags != 0) return -EINVAL;
  std::puts("rename");
  const std::string_view name(to + 1);
  if (is(to, "rename_eio")) return -EIO;
  if (name == "never_lands" && std::string_view(from + 1) != "never_lands~") return -EIO;
  if (is(to, "short_name") && name.size() > short_name_max) return -ENAMETOOLONG;
  const auto at = made().find(from);
  if (at == made().end()) return -ENOENT;
  if (is(to, "rename_keeps") && made().contains(to)) {
    made().erase(at);
    return 0;
  }
  made()[to] = std::move(at->second);
  made().erase(from);
  return name == "late" ? write_to_source() : 0;
}

int set_mode(const char*, mode_t, fuse_file_info*) { return 0; }
int set_owner(const char*, uid_t, gid_t, fuse_file_info*) { return 0; }
int set_times(const char* path, const timespec*, fuse_file_info*) {
  return is(path, "times_eio") ? -EIO : 0;
}

off_t seek(const char* path, off_t at, int whence, fuse_file_info*) {
  const bool data = whence == SEEK_DATA;
  if (is(path, "lies_hole")) return data ? -ENXIO : at;
  if (data) return at < file_bytes ? at : -ENXIO;
  return file_bytes;
}

}  // namespace

int main(int argc, char** argv) {
  (void)std::setvbuf(stdout, nullptr, _IOLBF, 0);
  fuse_operations operations{};
  operations.getattr = get_attributes;
  operations.readdir = list;
  operations.open = open_file;
  operations.create = make_file;
  operations.read = read_file;
  operations.write = write_file;
  operations.fsync = sync_file;
  operations.fsyncdir = sync_directory;
  operations.flush = flush_file;
  operations.truncate = resize_file;
  operations.fallocate = reserve;
  operations.unlink = remove_file;
  operations.rename = rename_file;
  operations.chmod = set_mode;
  operations.chown = set_owner;
  operations.utimens = set_times;
  operations.lseek = seek;
  if (argc > 1 && std::string_view(argv[1]).ends_with("twins"))
    operations.init = give_out_own_inodes;
  begun_in() = ::open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fuse_main(argc, argv, &operations, nullptr);
}
