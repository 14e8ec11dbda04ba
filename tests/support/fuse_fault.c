// A file system with one fault per file, for tests: fuse_fault -f MOUNTPOINT. Every file has the size it claims and the
// bytes 'a' + offset % 23, but for what its name says.

#define _GNU_SOURCE
#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fuse.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { file_bytes = 1 << 20, shrunk_bytes = 300000, short_bytes = 1000, full_at = 100000, bad_at = 65536 };

static const char* const names[] = {
    "ok",          // no fault
    "eio_at_64k",  // EIO from byte 65,536 on
    "short",       // at most 1,000 bytes per read or write
    "slow",        // 1 s per read or write
    "hang",        // a minute per read
    "late",        // answers reads when it was written to, or after a minute
    "zerosize",    // claims 0 bytes and has 1 MiB
    "grow",        // claims half of what it has
    "shrink",      // claims 1 MiB and ends after 300,000 bytes
    "eintr",       // EINTR from every read
    "eagain",      // EAGAIN from every read
    "lies_hole",   // SEEK_DATA says that there are no data
    "fsync_eio",
    "write_enospc",  // from byte 100,000 on
    "close_eio",
    "keeps",  // has what was written to it, and the same times as before
    "kept",   // what "keeps" is when it was renamed
    0,
};

static int is(const char* path, const char* name) { return strcmp(path + 1, name) == 0; }

static char content[file_bytes];  // of "keeps"
static atomic_int answers_late;
static int keeps(const char* path) { return is(path, "keeps") || is(path, "kept"); }

static int fault_getattr(const char* path, struct stat* st, struct fuse_file_info* fi) {
  (void)fi;
  memset(st, 0, sizeof *st);
  if (strcmp(path, "/") == 0) {
    st->st_mode = S_IFDIR | 0755;
    st->st_nlink = 2;
    return 0;
  }
  for (int i = 0; names[i]; i++) {
    if (!is(path, names[i])) continue;
    st->st_mode = S_IFREG | 0644;
    st->st_nlink = 1;
    st->st_size = is(path, "zerosize") ? 0 : is(path, "grow") ? file_bytes / 2 : file_bytes;
    st->st_blocks = is(path, "lies_hole") ? 0 : st->st_size / 512;
    return 0;
  }
  return -ENOENT;
}

static int fault_readdir(const char* path, void* out, fuse_fill_dir_t fill, off_t offset,
                         struct fuse_file_info* fi, enum fuse_readdir_flags flags) {
  (void)path, (void)offset, (void)fi, (void)flags;
  for (int i = 0; names[i]; i++) fill(out, names[i], 0, 0, 0);
  return 0;
}

static int fault_open(const char* path, struct fuse_file_info* fi) {
  (void)path;
  fi->direct_io = 1;  // every read and write of the program arrives here
  return 0;
}

static int fault_read(const char* path, char* to, size_t bytes, off_t at,
                      struct fuse_file_info* fi) {
  (void)fi;
  const off_t end = is(path, "shrink") ? shrunk_bytes : file_bytes;
  if (is(path, "eio_at_64k") && at + (off_t)bytes > bad_at) {
    if (at >= bad_at) return -EIO;
    bytes = (size_t)(bad_at - at);
  }
  if (is(path, "slow")) usleep(1000000);
  if (is(path, "hang")) sleep(60);
  if (is(path, "late")) {
    for (int i = 0; i < 6000 && !answers_late; i++) usleep(10000);
    usleep(100000);  // so that later reads are answered later
  }
  if (is(path, "eintr")) return -EINTR;
  if (is(path, "eagain")) return -EAGAIN;
  if (at >= end) return 0;
  if (at + (off_t)bytes > end) bytes = (size_t)(end - at);
  if (is(path, "short") && bytes > short_bytes) bytes = short_bytes;
  if (keeps(path)) {
    memcpy(to, content + at, bytes);
    return (int)bytes;
  }
  for (size_t i = 0; i < bytes; i++) to[i] = (char)('a' + (at + (off_t)i) % 23);
  return (int)bytes;
}

static int fault_write(const char* path, const char* from, size_t bytes, off_t at,
                       struct fuse_file_info* fi) {
  (void)fi;
  if (is(path, "write_enospc") && at + (off_t)bytes > full_at) {
    return at >= full_at ? -ENOSPC : (int)(full_at - at);
  }
  if (is(path, "short") && bytes > short_bytes) return short_bytes;
  if (is(path, "slow")) usleep(1000000);
  if (is(path, "late")) answers_late = 1;
  if (keeps(path)) {
    if (at + (off_t)bytes > file_bytes) return -ENOSPC;
    memcpy(content + at, from, bytes);
  }
  return (int)bytes;
}

static int fault_rename(const char* from, const char* to, unsigned flags) {
  (void)flags;
  return is(from, "keeps") && is(to, "kept") ? 0 : -EPERM;
}

static int fault_fsync(const char* path, int data_only, struct fuse_file_info* fi) {
  (void)data_only, (void)fi;
  return is(path, "fsync_eio") ? -EIO : 0;
}

static int fault_flush(const char* path, struct fuse_file_info* fi) {
  (void)fi;
  return is(path, "close_eio") ? -EIO : 0;
}

static int fault_truncate(const char* path, off_t size, struct fuse_file_info* fi) {
  (void)path, (void)size, (void)fi;
  return 0;
}

static off_t fault_lseek(const char* path, off_t at, int whence, struct fuse_file_info* fi) {
  (void)fi;
  if (is(path, "lies_hole")) return whence == SEEK_DATA ? -ENXIO : at;
  if (whence == SEEK_DATA) return at < file_bytes ? at : -ENXIO;
  return file_bytes;
}

static const struct fuse_operations operations = {
    .getattr = fault_getattr,
    .readdir = fault_readdir,
    .open = fault_open,
    .read = fault_read,
    .write = fault_write,
    .rename = fault_rename,
    .fsync = fault_fsync,
    .flush = fault_flush,
    .truncate = fault_truncate,
    .lseek = fault_lseek,
};

int main(int argc, char** argv) { return fuse_main(argc, argv, &operations, 0); }
