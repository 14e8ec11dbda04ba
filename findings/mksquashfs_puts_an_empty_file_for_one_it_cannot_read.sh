#!/usr/bin/env bash
# mksquashfs puts an empty file into the image for one that it cannot read, and exits with 0. genext2fs puts other bytes.
#
# One would guess: a builder of images that cannot read one of its files ends with an error, as mke2fs -d, gensquashfs and
# genisoimage do, or goes on and says so in its status, as tar does.
# What happens: mksquashfs prints "creating empty file" among its lines, even with -quiet, and its status is 0. The file is there
# under its name, with its owner, mode and times, and its size is 0. It takes the option -exit-on-error to end. genext2fs prints
# nothing about it: the file has its full size, and bytes that it never held from the first block on that could not be read.
# For whom it matters: backups and system images made by script from a disk that begins to fail, or from a network file system
# that does not answer: the old image is removed because the new one was made with success.
# What follows for our users: mksquashfs -exit-on-error, always. An image is good when it was compared with its source; a copier
# that takes a read error for one (`carousel cp`) may make the tree that images are built from.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages squashfs-tools=1:4.5.1-1 genext2fs=1.5.0-3 liblzo2-2=2.10-2 nbdkit=1.32.5-1 libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 \
  libfuse3-3=3.14.0-4 e2fsprogs=1.47.0-2+b2
echo "version    $(mksquashfs -version | head -1), $(genext2fs --version)"

half_unreadable file
expect "size of the file" "$(stat --format %s shown/file)" 2097152
# status_of COMMAND...: how it ends.
status_of() { "$@" >words 2>complaint && echo 0 || echo $?; }

expect "exit status of mksquashfs" "$(status_of mksquashfs shown image.squashfs -quiet -no-progress)" 0
expect "its words" "$(grep -o 'creating empty file' complaint)" "creating empty file"
unsquashfs -no-progress -quiet -dest unpacked image.squashfs >words
expect "size of the file in its image" "$(stat --format %s unpacked/file)" 0
expect "exit status with -exit-on-error" "$(status_of mksquashfs shown image2.squashfs -quiet -no-progress -exit-on-error)" 1

expect "exit status of genext2fs" "$(status_of genext2fs -b 8192 -d shown image.ext2)" 0
expect "its words" "$(cat words complaint)" "copying from directory shown"
debugfs -R "dump /file dumped" image.ext2 2>words
expect "the file in its image" "$(stat --format %s dumped), $(cmp dumped disk | cut -d, -f1)" "2097152, dumped disk differ: char 1048577"

truncate -s 8M image.ext4
expect "for comparison, exit status of mke2fs -d" "$(status_of mke2fs -q -d shown image.ext4)" 1
umount shown
