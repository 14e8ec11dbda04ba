#!/usr/bin/env bash
# In an archive changed through archivemount, new files keep the temporary names they were written under, and replaced files are the old.
#
# One would guess: rename(2) in the mounted folder does what it does elsewhere, and what the folder shows at the umount is in the archive.
# What happens: a file that is new since the mount, and was renamed, is saved under its first name. `mv`, `ls` and `cat` see the new
# name until the umount. A rename to a name that the archive has succeeds too, but the name goes on to read as the old file, at once
# and in the saved archive, and what was to replace it is lost. Nothing is printed; every status is
# 0. A file that was in the archive before, and is renamed to a free name, is saved as it should be.
# For whom it matters: all that writes a file aside and renames it when it is whole: rsync, editors, git, sed -i, package tools,
# `carousel cp`. What rsync put there is called .NAME.Xq3kP1 afterwards; an edited file is as it was before the edit.
# What follows for our users: write into an archivemount by what writes in place (`cp`, `rsync --inplace`, `cat`), and list the archive
# afterwards. Better: unpack, change, pack again.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages archivemount=0.8.7-1+b1 libarchive13=3.6.2-1+deb12u5 libfuse2=2.9.9-6+b1 rsync=3.2.7-1+deb12u6 libpopt0=1.19+dfsg-1
echo "version    $(archivemount --version 2>&1 | head -1), $(rsync --version | head -1 | tr -s ' '), Linux $(uname -r)"

mkdir shown back
echo "first edition" >text
echo "in the archive" >other
tar --create --file=archive.tar text other

# contents FOLDER: the names in it, those of rsync without what is random, and what the files hold.
contents() {
  (cd "$1" && find . -type f | sort | while read -r name; do echo "${name#./}: $(cat "$name")"; done) |
    sed 's/^\(\.added\.\)[^:]*/\1*/' |
    paste -sd,
}
archivemount "$folder/archive.tar" shown
until_there test -e shown/text
mv shown/other shown/another
echo "new" >added
rsync added shown/added && status=0 || status=$?
expect "exit status of rsync" "$status" 0
sed -i 's/first/second/' shown/text && status=0 || status=$?
expect "exit status of sed -i" "$status" 0
echo "new, in place" >shown/direct
expect "the mounted folder" "$(contents shown)" \
  "added: new,another: in the archive,direct: new, in place,text: first edition"
process=$(pgrep -f "^archivemount $folder/archive.tar")
umount shown && status=0 || status=$?
expect "exit status of umount" "$status" 0
until_there test ! -e "/proc/$process"
tar --extract --file=archive.tar --directory=back 2>words && status=0 || status=$?
expect "exit status of tar" "$status" 0
expect "what the archive holds" "$(contents back)" \
  ".added.*: new,another: in the archive,direct: new, in place,text: first edition"
