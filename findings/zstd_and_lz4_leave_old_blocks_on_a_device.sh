#!/usr/bin/env bash
# `zstd -d` and `lz4 -d` of a disk image onto a device leave the device's old data wherever the image is zero.
#
# One would guess: decompressing makes the output equal to what was compressed, and -f is enough to say that it may be replaced.
# What happens: both tools seek over runs of zeros to make the output file sparse. That is right for a file that was truncated
# when it was opened; a block device cannot be, so what stood there stays. Both exit with 0, and their checksums were of the
# stream. (Later releases of zstd seek in regular files alone; Debian 12's does not know of that.)
# For whom it matters: who writes images to disks, cards and volumes that were used before. An old superblock, journal or
# partition table in "empty" space comes back, or the file system that was written reads other people's data as its zeros.
# What follows for our users: --no-sparse, or `blkdiscard --zeroout` first, or `zstd -dc | dd of=DEVICE`. A writer of sparse
# output may leave out zeros only where it knows that zeros are there. Compare the device with the image afterwards.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages zstd=1.5.4+dfsg2-5 lz4=1.9.4-1
echo "version    $(zstd --version | grep -o 'v[0-9.]*'), $(lz4 --version | grep -o 'v[0-9.]*')"

head -c 64K /dev/urandom >image
truncate -s 2M image
zstd -q image -o image.zst
lz4 -q image image.lz4
head -c 2M /dev/zero | tr '\0' X >used
cp used disk
device=$(losetup --find --show disk)
loops+=("$device")

for tool in "zstd -d -q -f image.zst -o" "lz4 -d -q -f image.lz4" "zstd -d -q -f --no-sparse image.zst -o"; do
  dd if=used of="$device" bs=1M oflag=sync status=none
  $tool "$device" && status=0 || status=$?
  stale=$(tail -c +$((64 * 1024 + 1)) "$device" | tr -d '\0' | wc -c)
  expect "exit status of $tool DEVICE" "$status" 0
  case $tool in
    *--no-sparse*) expect "old bytes left behind it" "$stale" 0 ;;
    *) expect "old bytes left where the image is zero, a MiB or more" "$((stale >= 1 << 20))" 1 ;;
  esac
done
