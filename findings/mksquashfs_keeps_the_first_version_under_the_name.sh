#!/usr/bin/env bash
# `mksquashfs data backup.sqfs`, run again, exits with 0, and the image still has yesterday's files under their names.
#
# One would guess: a tool that makes an image makes it new, as mkfs.erofs, genisoimage and `tar c` do, or refuses the name.
# What happens: mksquashfs appends to an image that is there. A file that changed is put in beside the old one, as NAME_1, next to NAME_2
# of the day after; NAME goes on being what it was on the first day. Files that were deleted stay. Its lines do say that it appends, and
# the status is 0. -noappend makes a new image.
# For whom it matters: nightly images of configurations, home folders or a data set, and releases that are built into the same file: who
# restores or mounts by name has the first version, with whatever was fixed since, and the credentials that were removed.
# What follows for our users: write to a new name and rename, or give -noappend. Compare a restored file with the latest, not with
# what the image was when somebody looked last.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages squashfs-tools=1:4.5.1-1
echo "version    $(mksquashfs -version | head -1)"

# Its file for recovery goes to the home folder.
export HOME=$folder
mkdir data
for day in monday tuesday wednesday; do
  echo "$day" >data/table
  [[ $day == monday ]] && echo key >data/secret || rm -f data/secret
  mksquashfs data backup.sqfs -quiet -no-progress >words 2>&1 && status=0 || status=$?
  expect "exit status on $day" "$status" 0
  expect "table" "$(unsquashfs -cat backup.sqfs table)" monday
done
expect "files in the image" "$(unsquashfs -ls backup.sqfs | grep -o '/.*' | paste -sd' ')" "/secret /table /table_1 /table_2"
expect "lines about it on the last day" "$(grep -c "already used" words)" 2
mksquashfs data backup.sqfs -noappend -quiet -no-progress >words
expect "table, with -noappend" "$(unsquashfs -cat backup.sqfs table)" wednesday
expect "files" "$(unsquashfs -ls backup.sqfs | grep -o '/.*' | paste -sd' ')" "/table"
