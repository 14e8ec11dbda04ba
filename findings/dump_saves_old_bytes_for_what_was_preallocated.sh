#!/usr/bin/env bash
# dump(8) saves what was deleted long ago in place of the zeros of a preallocated file.
#
# One would guess: what fallocate(2) reserved reads as zeros, so a backup has zeros there, or nothing.
# What happens: dump reads blocks from the device by the file's block map and does not look at the mark "unwritten" that ext4 puts
# on preallocated extents. The backup, and the file that restore makes of it, hold whatever stood in these blocks before: parts
# of files that were removed. dump and restore exit with 0; size and blocks are right, the bytes are not.
# For whom it matters: who dumps an ext4 with databases, mail stores or disk images on it: they preallocate. A log that ends
# where the zeros begin goes on, after restore, with records of an older log, and an engine replays them.
# What follows for our users: back up ext4 through the kernel, not past it, and compare what was restored by checksum. A copier
# may use SEEK_DATA and FIEMAP_EXTENT_UNWRITTEN to skip such ranges, but never the block map to fetch them.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages dump=0.4b47-4 e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2 libcom-err2=1.47.0-2+b2 libblkid1=2.38.1-5+deb12u3 \
  liblzo2-2=2.10-2 libreadline8=8.2-1.3 libtinfo6=6.4-4 libselinux1=3.4-1+b6 libpcre2-8-0=10.42-1+deb12u2
echo "version    $(dump 2>&1 | head -1), Linux $(uname -r)"

truncate -s 64M disk
mkfs.ext4 -q disk
mkdir mounted restored
mount -o loop disk mounted
yes 'a row of a removed table' | head -c 24M >mounted/removed || true
sync -f mounted
rm mounted/removed
sync -f mounted
fallocate --length 8M mounted/log
printf 'the only record' | dd of=mounted/log conv=notrunc status=none
cp --sparse=never mounted/log log
expect "rows of the removed table in the file" "$(grep -ac 'a removed table' mounted/log || true)" 0
umount mounted

device=$(losetup --find --show --read-only disk)
loops+=("$device")
dump -0 -q -f backup "$device" >chatter 2>&1 && status=0 || status=$?
expect "exit status of dump" "$status" 0
(cd restored && restore -r -f ../backup) >chatter 2>&1 && status=0 || status=$?
expect "exit status of restore" "$status" 0
expect "bytes of the file, before and after" "$(stat --format %s log restored/log | paste -sd' ')" "8388608 8388608"
expect "the file" "$(cmp -s log restored/log && echo same || echo different)" different
found=$(grep -ac 'a removed table' restored/log || true)
expect "rows of the removed table in the restored file, 100000 or more" "$((found >= 100000))" 1
