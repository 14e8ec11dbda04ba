#!/usr/bin/env bash
# debugfs writes a file into an ext4 image that is full: it has its full size, zeros for its rest, e2fsck finds nothing, status 0.
#
# One would guess: `debugfs -w -R "write FILE NAME" image` fails, or takes the file back, when the image has no room, as mkfs.ext4 -d
# and e2cp (of e2tools) do; both use the same library.
# What happens: the size stands in the inode before the first block is written. Where the blocks end, one line goes to stderr and the
# file stays: `ls -l` shows all of it, the rest is a hole, e2fsck says that the image is clean. The status is 0, as it is for any
# request of -R or -f that failed: a file that is not there, a dump to a disk that is full.
# For whom it matters: who builds images without root or mounts (boards, initial systems, VM appliances, CI), and adds a kernel or a library
# by debugfs under `set -e`. Who gets files out of an image by `dump` and `rdump` and then removes the image.
# What follows for our users: take back what was written (`dump`, cmp), since neither the status nor the size tells. A copier that sets
# the size first, as for preallocation, must remove or cut the file when it fails; `carousel cp` ends with 1 then.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2 libcom-err2=1.47.0-2+b2 libss2=1.47.0-2+b2 e2tools=0.1.0-3
echo "version    $(debugfs -V 2>&1 | head -1), e2tools 0.1.0"

mkdir tree full
head -c 3M /dev/urandom >tree/small
image() {
  rm -f image
  truncate --size 4M image
  mkfs.ext4 -q -O ^has_journal image
}
# status COMMAND...: its exit status; what it says is in the file `words`.
status() {
  local status=0
  "$@" >words 2>&1 || status=$?
  echo "$status"
}
size() { debugfs -R "stat $1" image 2>words | grep -oP '(?<= )Size: \K[0-9]+' | head -1; }

image
expect "a file that fits, status" "$(status debugfs -w -R "write tree/small small" image)" 0
debugfs -R "dump small out" image 2>words
expect "it reads back" "$(cmp tree/small out && echo same)" same

mount -t tmpfs -o size=1M tmpfs full
expect "dump to a disk of 1 MiB, status" "$(status debugfs -R "dump small full/out" image)" 0
expect "bytes there of 3145728" "$(stat --format %s full/out)" 1048576
rm full/out
expect "rdump to it, status" "$(status debugfs -R "rdump / full" image)" 0
expect "bytes there" "$(stat --format %s full/small)" 1048576
umount full
expect "dump of a file that is not there, status" "$(status debugfs -R "dump none out" image)" 0
echo "write none none" >requests
expect "a file of requests that writes one that is not there, status" "$(status debugfs -w -f requests image)" 0

head -c 5M /dev/urandom >tree/big
image
expect "a file of 5 MiB into 4 MiB, status" "$(status debugfs -w -R "write tree/big big" image)" 0
expect "it says" "$(grep ^write words)" "write: Could not allocate block in ext2 filesystem "
expect "size of the file in the image" "$(size big)" 5242880
expect "e2fsck, status" "$(status e2fsck -fn image)" 0
debugfs -R "dump big out" image 2>words
first=$({ cmp tree/big out || true; } | grep -oP '(?<=char |byte )[0-9]+')
expect "it differs between its byte 3000000 and 4194304 ($first)" "$((first > 3000000 && first < 4194304))" 1
expect "bytes that are not zero in its last MiB" "$(tail -c 1M out | tr -d '\0' | wc -c)" 0

image
expect "e2cp of it, status" "$(status e2cp tree/big image:/big)" 255
expect "the file that is left" "$(e2ls image:/ | grep -c big || true)" 0
truncate --size 4M other
expect "mkfs.ext4 -d of it, status" "$(status mkfs.ext4 -q -d tree other)" 1
