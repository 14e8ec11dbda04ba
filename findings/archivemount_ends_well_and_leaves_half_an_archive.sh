#!/usr/bin/env bash
# Unmounting an archivemount on a full disk leaves half an archive, exits with 0, and doing so again removes the last whole one.
#
# One would guess: what was copied into a mounted archive and synced is in it, or cp, fsync or umount fails. A tool that must write
# an archive anew writes it beside the old one and renames it when it is whole.
# What happens: cp and fsync succeed, as changes wait elsewhere until the umount. Then archivemount renames the archive to NAME.orig and
# writes a new one under the name. That it could not be written is said to nobody: umount has its own status, 0. The half archive
# mounts again, with status 0 and the names of all files, and after any change the next umount makes it the .orig: the whole one
# is gone. Room is needed for both archives, and a hole in a file takes its full size, so that "full" comes early.
# For whom it matters: who adds to archives by a script: mount, cp -a, umount, `&& rm -r source`. Each step has succeeded.
# What follows for our users: unpack, change and pack again beside the old archive; test the new one before the old one goes. After an
# archivemount that wrote, list the archive (`tar tf`) before the source is removed.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages archivemount=0.8.7-1+b1 libarchive13=3.6.2-1+deb12u5 libfuse2=2.9.9-6+b1
echo "version    $(archivemount --version 2>&1 | head -1), Linux $(uname -r)"

mkdir disk shown
mount -t tmpfs -o size=3M none disk
for name in one two three; do
  head -c 400K /dev/urandom >$name
done
tar --create --file=disk/archive.tar one two three

# unmounted: ends the archivemount, and waits until it has written; the exit status of umount.
unmounted() {
  local status=0 process
  process=$(pgrep -f "^archivemount $folder/disk/archive.tar")
  umount shown || status=$?
  until_there test ! -e "/proc/$process"
  echo "$status"
}
# listed ARCHIVE: the names in it, and the exit status of tar.
listed() {
  local status=0
  tar --list --file="$1" >names 2>words || status=$?
  echo "$(paste -sd' ' names), status $status"
}
archivemount "$folder/disk/archive.tar" shown
until_there test -e shown/one
head -c 1M /dev/urandom >four
cp four shown && sync shown/four && status=0 || status=$?
expect "exit status of cp and sync" "$status" 0
expect "exit status of umount" "$(unmounted)" 0
expect "the archive, by tar --list" "$(listed disk/archive.tar)" "one two three four, status 2"
expect "the one before" "$(listed disk/archive.tar.orig)" "one two three, status 0"

archivemount "$folder/disk/archive.tar" shown && status=0 || status=$?
expect "exit status of the next archivemount" "$status" 0
until_there test -e shown/one
echo note >shown/note
expect "exit status of its umount" "$(unmounted)" 0
expect "the archive after it" "$(listed disk/archive.tar)" "one two three four, status 2"
expect "the one before" "$(listed disk/archive.tar.orig)" "one two three four, status 2"
umount disk
