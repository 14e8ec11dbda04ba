#!/usr/bin/env bash
# fsync(2) succeeds on FUSE file systems that have no way to sync: the kernel makes a success of "not implemented".
#
# One would guess: a file system that cannot make data durable answers ENOSYS or EINVAL, as pipes do. fsync is the one call whose 0
# is a promise.
# What happens: libfuse answers ENOSYS for every server that brings no function for FSYNC. The kernel notes that and returns 0, then
# and for all later calls, without asking again; fsync of a folder is the same. Servers that do bring a function have often one
# that does nothing: archivemount and fuse-zip write their archive at unmount, and until then what was written, synced and
# confirmed is in a process. When that is killed, at a reboot or for want of memory, it is gone.
# For whom it matters: databases, mail servers and copiers that confirm after fsync, on whatever folder they were given.
# What follows for our users: a type that begins with "fuse" in the table of mounts means that a sync is as good as its server,
# and an fsync that did nothing looks like a fast one. Unmount before a source is removed. `carousel cp --sync` can know no more.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages archivemount=0.8.7-1+b1 libfuse2=2.9.9-6+b1 libarchive13=3.6.2-1+deb12u5 libxml2=2.9.14+dfsg-1.3~deb12u6 \
  libicu72=72.1-3+deb12u1 fuse-zip=0.5.0-1+b1 libzip4=1.7.3-1+b1 libarchive-tools=3.6.2-1+deb12u5 \
  libfuse3-dev=3.14.0-4 libfuse3-3=3.14.0-4
echo "version    libfuse 3.14.0, archivemount 0.8.7, fuse-zip 0.5.0, Linux $(uname -r)"

# A file system that takes every byte, keeps none, and has no fsync. It prints the requests.
cat >forgets.c <<'C'
#define FUSE_USE_VERSION 31
#include <fuse.h>
#include <string.h>
#include <sys/stat.h>

static int attributes(const char *path, struct stat *stat, struct fuse_file_info *info) {
  (void)info;
  stat->st_mode = strcmp(path, "/") == 0 ? S_IFDIR | 0755 : S_IFREG | 0644;
  stat->st_nlink = 1;
  return 0;
}

static int change_size(const char *path, off_t size, struct fuse_file_info *info) {
  (void)path, (void)size, (void)info;
  return 0;
}

static int take(const char *path, const char *bytes, size_t n, off_t offset, struct fuse_file_info *info) {
  (void)path, (void)bytes, (void)offset, (void)info;
  return (int)n;
}

int main(int argc, char **argv) {
  const struct fuse_operations operations = {.getattr = attributes, .truncate = change_size, .write = take};
  return fuse_main(argc, argv, &operations, NULL);
}
C
gcc -D_FILE_OFFSET_BITS=64 -o forgets forgets.c -I"$root/usr/include/fuse3" "$(find "$root" -name 'libfuse3.so.3')"
mkdir mounted

# synced FILE: the exit statuses of sync for FILE, its folder, and its file system.
synced() {
  local file=0 folder=0 all=0
  sync "$1" || file=$?
  sync "$(dirname "$1")" || folder=$?
  sync -f "$1" || all=$?
  echo "$file $folder $all"
}

./forgets -d mounted 2>requests &
server=$!
started+=("$server")
until_there mountpoint -q mounted
echo new >mounted/new
for _ in 1 2 3; do expect "sync of a file, its folder, the file system, without fsync" "$(synced mounted/new)" "0 0 0"; done
umount mounted
wait "$server"
expect "times that it was asked to sync, of 9" "$(grep -cE 'opcode: FSYNC ' requests) file, $(grep -cE 'opcode: FSYNCDIR ' requests) folder" \
  "1 file, 1 folder"

echo old >old
bsdtar -cf archive.tar old
bsdtar -cf archive.zip --format zip old
for with in "archivemount archive.tar" "fuse-zip archive.zip"; do
  read -r program archive <<<"$with"
  "$program" -f -s "$archive" mounted 2>complaints &
  server=$!
  started+=("$server")
  until_there test -e mounted/old
  echo new >mounted/new
  expect "sync on $program" "$(synced mounted/new)" "0 0 0"
  kill -KILL "$server"
  wait "$server" 2>complaints || true
  umount --lazy mounted
  expect "the archive, when the process is gone" "$(bsdtar -tf "$archive" | paste -sd' ')" old
done
