#!/usr/bin/env bash
# On an xfs of 8 TiB, `cpio -o` and `cpio -i` give some files the content of other files, without a word.
#
# One would guess: an archive of a few files on a large disk holds these files. Where cpio's header is too small for something, as
# for files of 4 GiB, cpio says so.
# What happens: the header has 32 bits for an inode number (16 or 18 in the old formats), xfs has 64, with the number of the
# allocation group at the top. Folders are spread over the groups, and in each of them numbers begin alike, so that with groups of
# 1 TiB files in two that are two apart often share their lower 32 bits. cpio cuts the number off without a warning; at unpacking,
# two files with more than one name and the same number are one file: the second is linked to the first, its content is gone.
# Both exit with 0. --renumber-inodes or -H ustar are right.
# For whom it matters: who packs trees with hard links on large disks: snapshots by rsync --link-dest, stores that keep equal files
# once, images of systems. The same script was right for years on a small one.
# What follows for our users: a key of "one file" is the device and all 64 bits of the inode number. Move trees by a copier that
# keeps hard links, or by tar; compare afterwards.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages cpio=2.13+dfsg-7.1 xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1
echo "version    $(cpio --version | head -1), $(mkfs.xfs -V), Linux $(uname -r)"

truncate -s 8T disk
mkfs.xfs -q -l size=64m disk
mkdir mounted
mount -o loop disk mounted
for number in $(seq 16); do
  mkdir "mounted/$number"
  echo "content $number" >"mounted/$number/file"
  ln "mounted/$number/file" "mounted/$number/link"
done
numbers=$(stat --format %i mounted/*/file)
echo "           numbers: $(sort -n <<<"$numbers" | paste -sd' ')"
alike=$(for number in $numbers; do echo $((number & 0xffffffff)); done | sort | uniq -D | wc -l)
expect "files that share the lower 32 bits of their number with another, 2 or more" "$((alike >= 2))" 1

# wrong OPTION...: whether files differ after a way through `cpio -o OPTION...`, and what was printed on the way.
wrong() {
  rm -rf unpacked
  mkdir unpacked
  (cd mounted && find . -type f | cpio -o --quiet "$@") >archive 2>words || { echo "status $?"; return; }
  (cd unpacked && cpio -i -d --quiet) <archive 2>>words || { echo "status $?"; return; }
  echo "$(diff -r mounted unpacked >differences && echo right || echo wrong), words: $(wc -l <words)"
}
for format in newc crc odc bin; do expect "-H $format" "$(wrong -H $format)" "wrong, words: 0"; done
expect "-H newc --renumber-inodes" "$(wrong -H newc --renumber-inodes)" "right, words: 0"
expect "-H ustar" "$(wrong -H ustar)" "right, words: 0"
wrong -H newc >verdict
head -2 differences
umount mounted
