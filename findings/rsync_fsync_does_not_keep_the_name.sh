#!/usr/bin/env bash
# After `rsync --fsync` a power cut leaves the new files under temporary names.
#
# One would guess: --fsync is there so that what was transferred is on the disk when rsync ends: the next line of the script may
# remove the source, or rsync may do so itself (--remove-source-files).
# What happens: rsync syncs each file while it is called .NAME.XXXXXX, then renames it, and never syncs the folder. The rename is
# in memory alone until the file system's next commit, five seconds later on ext4, half a minute on xfs and btrfs. After a cut in
# between all three have the bytes, as a hidden file of mode 0600, and nothing, or the old version, under the name. The next run
# transfers again, if there still is a source, and does not look at the hidden file.
# For whom it matters: who moves data with rsync, or confirms to somebody that it arrived.
# What follows for our users: `sync -f TARGET` after rsync and before anything is removed. A file is durable when the folder that
# names it was synced after the rename, as `carousel cp --sync` does. After a crash look for .NAME.XXXXXX before giving up.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages rsync=3.5.0+ds1-0+deb12u1 btrfs-progs=6.2-1+deb12u2 xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1
echo "version    $(rsync --version | head -1 | tr -s ' ' | cut -d' ' -f1-3), Linux $(uname -r)"

mkdir mounted source
head -c 1M /dev/urandom >source/table

# What the disk has been given so far is what it has after a power cut.
cut() { cp --sparse=always disk after_the_cut; }

# left COMMAND...: the names that are left in the folder when power goes right after COMMAND, which copies source/table there.
left() {
  mount -o loop disk mounted
  rm -rf mounted/folder
  mkdir mounted/folder
  sync -f mounted
  "$@" && cut
  umount mounted
  mount -o loop after_the_cut mounted
  find mounted/folder -type f -size 1M -printf '%f %m' | sed -E 's/[A-Za-z0-9]{6} 600/XXXXXX 600/'
  umount mounted
}
moved_and_synced() { rsync -a --fsync --remove-source-files source/second mounted/folder/ && sync -f mounted/folder; }

for kind in ext4 xfs btrfs; do
  rm -f disk
  truncate -s 320M disk
  "mkfs.$kind" -q disk >chatter 2>&1
  chmod 644 source/table
  expect "rsync --fsync on $kind, left after a power cut" "$(left rsync -a --fsync source/table mounted/folder/)" ".table.XXXXXX 600"
  cp -p source/table source/second
  expect "with --remove-source-files and then sync -f" "$(left moved_and_synced)" "second 644"
  cp -p source/table source/second
  expect "with --remove-source-files alone" "$(left rsync -a --fsync --remove-source-files source/second mounted/folder/)" \
    ".second.XXXXXX 600"
  expect "the source" "$(find source -type f -printf %f)" table
done
