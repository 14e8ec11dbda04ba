#!/usr/bin/env bash
# A database that is written through a mapping keeps its modification time, and rsync's next run leaves it out.
#
# One would guess: whatever changes a file moves mtime and ctime; mmap(2) promises it for mappings, after the write and before the
# next msync. So who compares size and time misses a change within one tick of the clock at most.
# What happens: the kernel sets the time when a clean page is written to for the first time. As long as that page stays dirty,
# half a minute on a disk, no later write moves it, nor does the msync that brings the later bytes to disk. On tmpfs pages are
# never cleaned, so the time stands still for ever. A copy made between two writes has the first and the time of both: rsync
# finds size and time equal and skips the file, today and every day until it changes again.
# For whom it matters: who backs up by size and time (rsync, borg, restic, tar's incremental: ctime stands still too) stores that
# write through mappings: tdb (Samba's) without transactions, gdbm or LMDB with MDB_WRITEMAP on tmpfs, NumPy's memmap. tdb's authors
# know: its transactions end in utime().
# What follows for our users: rsync --checksum for such files, or a copy from a stopped writer. "The times did not change while it
# was copied" is no proof that the bytes did not.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages rsync=3.5.0+ds1-0+deb12u1 libgdbm6=1.23-3 libgdbm-dev=1.23-3 libtdb1=1.4.8-2 libtdb-dev=1.4.8-2
echo "version    $(rsync --version | head -1 | tr -s ' ' | cut -d' ' -f1-3), Linux $(uname -r)"

cat >stores.c <<'C'
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <fcntl.h>
#include <gdbm.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <tdb.h>
#include <unistd.h>

static const char *const values[] = {"none", "first", "later"};
static int next;

static int by_mmap(const char *name) {
  int fd = open(name, O_RDWR | O_CREAT, 0644);
  if (fd < 0 || ftruncate(fd, 4096) != 0) return 1;
  char *bytes = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (bytes == MAP_FAILED) return 1;
  for (; next < 3; ++next) {
    memcpy(bytes, values[next], 5);
    if (next != 1 && msync(bytes, 4096, MS_SYNC) != 0) return 1;
    puts("written");
    getchar();
  }
  return 0;
}

static int by_tdb(const char *name) {
  TDB_CONTEXT *store = tdb_open(name, 0, 0, O_RDWR | O_CREAT, 0644);
  if (store == NULL) return 1;
  for (; next < 3; ++next) {
    TDB_DATA key = {(unsigned char *)"key", 3}, value = {(unsigned char *)values[next], 5};
    if (tdb_store(store, key, value, 0) != 0) return 1;
    puts("written");
    getchar();
  }
  return tdb_close(store);
}

static int by_gdbm(const char *name) {
  GDBM_FILE store = gdbm_open(name, 0, GDBM_NEWDB, 0644, NULL);
  if (store == NULL) return 1;
  for (; next < 3; ++next) {
    datum key = {"key", 3}, value = {(char *)values[next], 5};
    if (gdbm_store(store, key, value, GDBM_REPLACE) != 0 || gdbm_sync(store) != 0) return 1;
    puts("written");
    getchar();
  }
  return gdbm_close(store);
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IONBF, 0);
  if (argc != 3) return 2;
  return argv[1][0] == 'm' ? by_mmap(argv[2]) : argv[1][0] == 't' ? by_tdb(argv[2]) : by_gdbm(argv[2]);
}
C
gcc -w -o stores stores.c -I"$root/usr/include" -L"$root/usr/lib/x86_64-linux-gnu" -l:libgdbm.so.6 -l:libtdb.so.1

mkdir disk memory backup
truncate -s 64M image
mkfs.ext4 -q image
mount -o loop,relatime image disk
mount -t tmpfs tmpfs memory

# backed_up BY FILE: has BY write three values into FILE, with a run of rsync after the second and one after the third, which has
# been closed by then; says what became of the times in between, what rsync's last run transferred, and whether original and
# backup are alike afterwards, and after rsync --checksum.
backed_up() {
  rm -f "backup/$1"
  coproc writer { ./stores "$1" "$2"; }
  local times pid=${writer_PID:?}
  read -r _ <&"${writer[0]}"
  sleep 1.1
  echo >&"${writer[1]}"
  read -r _ <&"${writer[0]}"
  sleep 1.1
  rsync -a "$2" "backup/$1"
  times=$(stat --format '%y %z' "$2")
  echo >&"${writer[1]}"
  read -r _ <&"${writer[0]}"
  echo >&"${writer[1]}"
  wait "$pid"
  sync -f "$2"
  [[ $times == $(stat --format '%y %z' "$2") ]] && printf 'still:' || printf 'moved:'
  printf '%s:' "$(rsync -a --itemize-changes "$2" "backup/$1")"
  cmp -s "$2" "backup/$1" && printf 'same:' || printf 'different:'
  rsync -a --checksum "$2" "backup/$1"
  cmp -s "$2" "backup/$1" && echo same || echo different
}

wanted="still::different:same"
expect "mmap and msync(MS_SYNC) on ext4, mtime and ctime:transferred:then:then by checksum" "$(backed_up mmap disk/mmap)" "$wanted"
expect "tdb on ext4" "$(backed_up tdb disk/tdb)" "$wanted"
expect "mmap and msync(MS_SYNC) on tmpfs" "$(backed_up mmap memory/mmap)" "$wanted"
expect "gdbm and gdbm_sync on tmpfs" "$(backed_up gdbm memory/gdbm)" "$wanted"
