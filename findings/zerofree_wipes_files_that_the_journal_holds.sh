#!/usr/bin/env bash
# zerofree on a snapshot of a running ext4 turns files that were synced into zeros; partclone and e2image leave them out.
#
# One would guess: a snapshot taken at one instant is as good as a power cut, so what was fsynced is in it; a tool that works on
# free blocks either knows about the journal or refuses, as xfs_copy does ("log is dirty").
# What happens: after fsync the new bitmaps of ext4 are in the journal alone, for seconds; on the disk the blocks of the file are
# still free. These tools read the bitmaps on the disk and do not look at needs_recovery; the state field says "clean" even
# while a journalled file system is mounted. zerofree writes zeros over the blocks, partclone and e2image -ra skip them. Then the
# mount replays the journal, and the file is there at its full size, all zeros. Every step exits with 0 and fsck finds nothing.
# partclone.xfs does the same to xfs.
# For whom it matters: who shrinks or clones disks of machines from storage snapshots, of crashed machines, or after a detach
# without unmount. Files of the last seconds are those that a database just promised to keep.
# What follows for our users: `e2fsck -p`, or mount and unmount, before any such tool, and a file system that dumpe2fs shows with
# needs_recovery is not clean. A copy of the whole image, holes and all, has none of this.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages zerofree=1.1.1-1 partclone=0.3.23+repack-1 e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2 libcom-err2=1.47.0-2+b2 \
  xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1
echo "version    zerofree 1.1.1, partclone 0.3.23, $(e2image -V 2>&1 | head -1), Linux $(uname -r)"

mkdir mounted
# rows IMAGE: how many rows the table in it has.
rows() {
  mount -o loop,"${options-rw}" "$1" mounted
  grep -ac 'a row that was synced' mounted/table || true
  umount mounted
}
# snapshot_of DISK: what DISK, which was mounted before, is while it is mounted, right after an fsync.
snapshot_of() {
  mount -o loop "$1" mounted
  touch mounted/before
  umount mounted
  mount -o loop "$1" mounted
  yes 'a row that was synced' | head -c 8M >mounted/table || true
  sync mounted/table
  cp --sparse=always "$1" snapshot
  umount mounted
}
# clone FILE_SYSTEM: the snapshot by partclone, through an image of its own.
clone() {
  rm -f clone image
  truncate --reference snapshot clone
  "partclone.$1" --quiet --clone --source work --output image --logfile log >chatter 2>&1 &&
    partclone.restore --quiet --source image --overwrite clone --logfile log >chatter 2>&1
}

truncate -s 64M disk
mkfs.ext4 -q disk
snapshot_of disk
expect "state of the snapshot" "$(dumpe2fs -h snapshot 2>/dev/null | grep -oE 'needs_recovery|state: +.*' | tr -s ' ' | paste -sd' ')" \
  "needs_recovery state: clean"
cp snapshot work
expect "rows of ext4's snapshot, mounted" "$(rows work)" 381300
cp snapshot work
zerofree work && status=0 || status=$?
expect "zerofree, rows left (status $status)" "$(rows work)" 0
expect "exit status" "$status" 0
expect "fsck" "$(e2fsck -fn work >chatter 2>&1; echo $?)" 0
cp snapshot work
clone ext4 && status=0 || status=$?
expect "partclone.ext4 and partclone.restore, rows left (status $status)" "$(rows clone)" 0
cp snapshot work
e2image -ra work clone 2>chatter && status=0 || status=$?
expect "e2image -ra, rows left (status $status)" "$(rows clone)" 0
cp snapshot work
e2fsck -p work >chatter || true
zerofree work
expect "e2fsck -p and then zerofree, rows left" "$(rows work)" 381300

rm disk
truncate -s 320M disk
mkfs.xfs -q disk
snapshot_of disk
options=nouuid
cp snapshot work
clone xfs && status=0 || status=$?
expect "partclone.xfs and partclone.restore, rows left (status $status)" "$(rows clone)" 0
expect "rows of xfs's snapshot, mounted" "$(rows work)" 381300
