#!/usr/bin/env bash
# posix_fadvise(POSIX_FADV_DONTNEED) of whole pages that are clean drops none of them where the file was written in large pieces.
#
# One would guess: the manual page says that pages which are only partly covered stay; a megabyte at a multiple of the page's size,
# synced before, goes.
# What happens: file systems keep large folios in the page cache (XFS for years, ext4 since Linux 6.16), as large as a write or
# a read-ahead was, and a folio that the range does not cover to both ends stays whole. 64 KiB inside of a megabyte that was written at
# once: nothing goes. One megabyte, 4 KiB beyond such a boundary: nothing goes either. The call returns 0 each time. Of a file that was
# written in pages everything goes as one would guess.
# For whom it matters: databases, backup and copy programs that bound what they leave in the page cache by dropping the range which
# they have just written or read: the folio over the border of two ranges is dropped by neither, however often one asks.
# What follows for our users: let each range begin 2 MiB before what is new, or drop the whole file at the end.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1
truncate -s 400M image
mkfs.xfs -q image
mkdir mounted
mount -o loop image mounted
echo "version    xfsprogs 6.1.0, Linux $(uname -r)"

left_after() { # PIECE OFFSET LENGTH: KiB of 16 MiB that stay in the page cache
  rm -f mounted/file
  xfs_io -f -c "pwrite -q -b $1 0 16m" -c fsync mounted/file
  xfs_io -r -c "fadvise -d $2 $3" mounted/file
  echo "$(($(fincore --noheadings --bytes --output RES mounted/file) / 1024)) KiB"
}
expect "of 16 MiB written in 4 KiB, without 64 KiB" "$(left_after 4k 1m 64k)" "16320 KiB"
expect "written in 1 MiB, without 64 KiB" "$(left_after 1m 1m 64k)" "16384 KiB"
expect "without 1 MiB" "$(left_after 1m 8m 1m)" "15360 KiB"
expect "without 1 MiB that begins 4 KiB later" "$(left_after 1m 8196k 1m)" "16384 KiB"
expect "the same, written in 4 KiB" "$(left_after 4k 8196k 1m)" "15360 KiB"
