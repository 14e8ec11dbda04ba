// usage: delay_fs FOLDER MOUNTPOINT MICROSECONDS
//
// A FUSE file system that shows FOLDER, and answers
// each request MICROSECONDS late, any number of them at once: as storage behind a network does that
// has more bandwidth than anybody asks for. Stays in the foreground until it is killed.
#define FUSE_USE_VERSION 312
#include <dirent.h>
#include <fcntl.h>
#include <fuse.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

int top = -1;
timespec delay{};

/// Nobody is waited for longer than that, whatever signals come.
void wait() noexcept {
  timespec left = delay;
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/// Below the top; "." is the top itself.
const char* below(const char* path) noexcept { return path[1] == '\0' ? "." : path + 1; }

int answer(int done) noexcept { return done < 0 ? -errno : 0; }

int get_attributes(const char* path, struct stat* about, fuse_file_info* info) {
  wait();
  if (info != nullptr) return answer(::fstat(static_cast<int>(info->fh), about));
  return answer(::fstatat(top, below(path), about, AT_SYMLINK_NOFOLLOW));
}

int list(const char* path, void* buffer, fuse_fill_dir_t fill, off_t, fuse_file_info*,
         fuse_readdir_flags) {
  wait();
  const int fd = ::openat(top, below(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const names = fd < 0 ? nullptr : ::fdopendir(fd);
  if (names == nullptr) return -errno;
  while (const dirent* const entry = ::readdir(names)) {
    struct stat about{};
    about.st_ino = entry->d_ino;
    about.st_mode = static_cast<mode_t>(entry->d_type) << 12U;
    fill(buffer, entry->d_name, &about, 0, static_cast<fuse_fill_dir_flags>(0));
  }
  ::closedir(names);
  return 0;
}

int make_directory(const char* path, mode_t mode) {
  wait();
  return answer(::mkdirat(top, below(path), mode));
}

int remove_name(const char* path) {
  wait();
  return answer(::unlinkat(top, below(path), 0));
}

int remove_directory(const char* path) {
  wait();
  return answer(::unlinkat(top, below(path), AT_REMOVEDIR));
}

int rename_to(const char* from, const char* to, unsigned flags) {
  wait();
  return answer(::renameat2(top, below(from), top, below(to), flags));
}

int make_link(const char* from, const char* to) {
  wait();
  return answer(::linkat(top, below(from), top, below(to), 0));
}

int set_mode(const char* path, mode_t mode, fuse_file_info*) {
  wait();
  return answer(::fchmodat(top, below(path), mode, 0));
}

int set_owner(const char* path, uid_t user, gid_t group, fuse_file_info*) {
  wait();
  return answer(::fchownat(top, below(path), user, group, AT_SYMLINK_NOFOLLOW));
}

int set_size(const char* path, off_t size, fuse_file_info* info) {
  wait();
  if (info != nullptr) return answer(::ftruncate(static_cast<int>(info->fh), size));
  const int fd = ::openat(top, below(path), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  const int done = answer(::ftruncate(fd, size));
  ::close(fd);
  return done;
}

int set_times(const char* path, const timespec times[2], fuse_file_info*) {
  wait();
  return answer(::utimensat(top, below(path), times, AT_SYMLINK_NOFOLLOW));
}

int open_as(const char* path, int flags, mode_t mode, fuse_file_info* info) {
  wait();
  const int fd = ::openat(top, below(path), flags, mode);
  if (fd < 0) return -errno;
  info->fh = static_cast<std::uint64_t>(fd);
  return 0;
}

int open_file(const char* path, fuse_file_info* info) {
  return open_as(path, info->flags & ~O_DIRECT, 0, info);
}

int make_file(const char* path, mode_t mode, fuse_file_info* info) {
  return open_as(path, (info->flags & ~O_DIRECT) | O_CREAT, mode, info);
}

int read_file(const char*, char* to, std::size_t bytes, off_t at, fuse_file_info* info) {
  wait();
  const ssize_t n = ::pread(static_cast<int>(info->fh), to, bytes, at);
  return n < 0 ? -errno : static_cast<int>(n);
}

int write_file(const char*, const char* from, std::size_t bytes, off_t at, fuse_file_info* info) {
  wait();
  const ssize_t n = ::pwrite(static_cast<int>(info->fh), from, bytes, at);
  return n < 0 ? -errno : static_cast<int>(n);
}

int close_file(const char*, fuse_file_info* info) {
  ::close(static_cast<int>(info->fh));
  return 0;
}

int tell_space(const char*, struct statvfs* about) {
  wait();
  return answer(::fstatvfs(top, about));
}

void* begin(fuse_conn_info*, fuse_config* config) {
  config->use_ino = 1;
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs("usage: delay_fs FOLDER MOUNTPOINT MICROSECONDS\n", stderr);
    return 2;
  }
  ::umask(0);
  top = ::open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (top < 0) {
    std::perror(argv[1]);
    return 2;
  }
  const long microseconds = std::strtol(argv[3], nullptr, 10);
  delay = {microseconds / 1'000'000, microseconds % 1'000'000 * 1000};
  fuse_operations calls{};
  calls.init = begin;
  calls.getattr = get_attributes;
  calls.readdir = list;
  calls.mkdir = make_directory;
  calls.unlink = remove_name;
  calls.rmdir = remove_directory;
  calls.rename = rename_to;
  calls.link = make_link;
  calls.chmod = set_mode;
  calls.chown = set_owner;
  calls.truncate = set_size;
  calls.utimens = set_times;
  calls.open = open_file;
  calls.create = make_file;
  calls.read = read_file;
  calls.write = write_file;
  calls.release = close_file;
  calls.statfs = tell_space;
  // A thread for each request that waits here.
  std::string options = "max_threads=512,max_idle_threads=512,fsname=delay_fs";
  std::string name = argv[0];
  std::string mount_point = argv[2];
  std::string foreground = "-f";
  std::string option = "-o";
  char* words[] = {name.data(),    foreground.data(),  option.data(),
                   options.data(), mount_point.data(), nullptr};
  return fuse_main(5, words, &calls, nullptr);
}
