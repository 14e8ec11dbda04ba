#!/usr/bin/env bash
# Through bindfs, files of two file systems have one device and one inode number, and tar and rsync -H replace one by the other.
#
# One would guess: the pair of st_dev and st_ino names a file; POSIX says so. A file system that shows what lies on several others
# makes numbers of its own, as overlayfs, mergerfs and unionfs-fuse do.
# What happens: bindfs hands on the inode numbers of what it mirrors, and all it shows is on one device. Where a disk is mounted below
# the mirrored folder, numbers meet: file systems that were made alike give them out alike, from the same one on. tar and
# rsync -H, told by the link count to expect more names, take the second file for another name of the first, and link it. Its
# content is not in the copy. Both exit with 0. `cp -a` fails, but only because the numbers of the folders have met too.
# For whom it matters: who backs up through a bindfs that makes files readable to the backup user, or a home of many volumes shown
# in a container, with stores that link files: maildirs, snapshots by rsync --link-dest, package caches.
# What follows for our users: back up what bindfs mirrors, not the mirror, or each volume by itself. A copier that finds a number
# again must also look whether size and times are the same before it makes a link, for a link that is missing costs space and
# a wrong one costs a file.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages bindfs=1.14.7-1 libfuse2=2.9.9-6+b1 rsync=3.2.7-1+deb12u6 libpopt0=1.19+dfsg-1 tar=1.34+dfsg-1.2+deb12u1
echo "version    $(bindfs --version | head -1), $(tar --version | head -1), $(rsync --version | head -1 | tr -s ' '), Linux $(uname -r)"

for volume in one two; do
  truncate -s 16M $volume.disk
  mkfs.ext4 -q $volume.disk
  mkdir -p "mirrored/$volume"
  mount -o loop $volume.disk "mirrored/$volume"
  mkdir "mirrored/$volume/mail"
  printf '%s' "letter $volume" >"mirrored/$volume/mail/file"
  ln "mirrored/$volume/mail/file" "mirrored/$volume/mail/link"
done
mkdir shown
bindfs -f mirrored shown &
until_there test -e shown/two
identities() { stat --format '%d %i' "$1"/*/mail/file | sort -u | wc -l; }
expect "files in the volumes, by device and number" "$(identities mirrored)" 2
expect "the same through bindfs" "$(identities shown)" 1
expect "their contents there" "$(cat shown/one/mail/file shown/two/mail/file)" "letter oneletter two"

# contents FOLDER: those of the copies, and how many names each has.
contents() {
  for volume in one two; do cat "$1/$volume/mail/file"; stat --format ', %h names; ' "$1/$volume/mail/file"; done | tr -d '\n'
}
mkdir unpacked synced
tar --create --file=archive.tar --directory=shown one two && status=0 || status=$?
expect "exit status of tar" "$status" 0
tar --extract --file=archive.tar --directory=unpacked && status=0 || status=$?
expect "exit status of tar at unpacking" "$status" 0
expect "contents after that" "$(contents unpacked)" "letter one, 4 names; letter one, 4 names; "
rsync -aH shown/one shown/two synced && status=0 || status=$?
expect "exit status of rsync -aH" "$status" 0
expect "contents after that, one of the two" "$(contents synced | grep -o 'letter [a-z]*' | sort -u | wc -l)" 1
tar --create --file=archive.tar --directory=mirrored one two
rm -r unpacked
mkdir unpacked
tar --extract --file=archive.tar --directory=unpacked
expect "contents without bindfs" "$(contents unpacked)" "letter one, 2 names; letter two, 2 names; "
umount shown mirrored/one mirrored/two
