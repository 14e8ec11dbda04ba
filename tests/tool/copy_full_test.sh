#!/usr/bin/env bash
# usage: copy_full_test.sh CAROUSEL
# No space, a store that fails behind a file system's back, limits of the process.
. "$(dirname "$0")/lib.sh"
head -c 20000000 /dev/urandom >large
mkdir many && for i in {1..300}; do head -c 40000 /dev/urandom >many/$i; done

ulimit_run() { (ulimit -f 100 && exec "$carousel" cp "$@") >out 2>err; }
ulimit_run large limited
check "a file beyond RLIMIT_FSIZE is an error, not a signal" test $? = 1
check "that says so" says "'limited': File too large"
check "and no copy" not test -e limited
head -c 150000 large >middle
ulimit_run middle limited
check "a small one too" test $? = 1
check "and no copy" not test -e limited

is_root || skip "the rest needs root"
mount_new small -t tmpfs -o size=4m tmpfs || skip "no mounting here"
echo old >small/large
check "a full tmpfs is an error" ends_with 1 large small/
check "that says so" says "No space left on device"
check "what was there is whole" grep -qx old small/large
check "and no space is lost" test "$(ls -A small)" = large
check "many small files into it are an error" ends_with 1 -r many small/
check "and those that fit are whole" test -z "$(for f in small/many/*; do cmp "$f" "many/${f##*/}"; done 2>&1)"
mkdir more && for i in {1..600}; do head -c 40000 /dev/zero >more/$i; done
rm -rf small/*
check "a target without room for most of a tree is an error" ends_with 1 -r many more small/
check "that is not told file by file" test "$(wc -l <err)" -lt 30
rm -rf small/*
run "$carousel" cp --json -r many more small/
check "nor tried file by file" test "$(json out 'o["error_count"] < 100')" = True
check "but once it is over" says "stopped after 20 errors of the target: what is left is not copied"
rm -rf small/*
mkdir small/readonly && mount -t tmpfs -o ro tmpfs small/readonly && mounts+=("$dir/small/readonly")
check "nor for one that may not be written to" ends_with 1 more/* small/readonly
check "is it" test "$(wc -l <err)" -lt 30
umount small/readonly
mkdir shut && for i in {1..50}; do ln -s nowhere shut/$i; done
check "what the files themselves have wrong is" ends_with 1 shut/* small/
check "told file by file" test "$(grep -c 'No such file' err)" = 50
umount small

if command -v mkfs.ext4 >/dev/null && truncate -s 12M image && mkfs.ext4 -q image && mount_new ext4 -o loop image; then
  echo old >ext4/large
  check "a full ext4 is an error" ends_with 1 large ext4/
  check "that says so" says "No space left on device"
  check "what was there is whole" grep -qx old ext4/large
  check "many small files into it are an error" ends_with 1 --sync -r many ext4/
  check "and nothing temporary is left" test -z "$(find ext4 -name '.*carousel*')"
  umount ext4
else
  echo "SKIPPED: no loop devices here"
fi

# A sparse image in a tmpfs that is smaller: writes succeed, and only syncing tells.
if mount_new store -t tmpfs -o size=12m tmpfs && truncate -s 64M store/image &&
  mkfs.ext4 -q -O ^has_journal store/image 2>/dev/null && mount_new thin -o loop store/image; then
  check "a store that fails behind the file system is seen with --sync" ends_with 1 --sync -r many large thin/
  check "and with --verify" ends_with 1 --verify large thin/other
  umount -l thin
  umount -l store
else
  echo "SKIPPED: no loop devices here"
fi
finish
