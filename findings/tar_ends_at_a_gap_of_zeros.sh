#!/usr/bin/env bash
# A tar archive in whose middle 64 KiB became zeros lists and unpacks its first files, and every tar exits with 0.
#
# One would guess: damage is an error: headers have a checksum, and GNU tar says "Skipping to next header" and exits with 2 when it meets
# one that is wrong. `tar tf backup.tar && rm -r data` is a test.
# What happens: the end of an archive is two blocks of zeros, and the end ends the reading. A gap that covers a header has them: all
# that comes after it is never looked at, though it is most of the archive. GNU tar, bsdtar, pax, cpio -H ustar, BusyBox's tar and
# Python's tarfile are alike, and none of them says a word. The file in which the gap begins unpacks with its full size, zeros at its
# end. cpio's own format has a trailer with a name; there cpio says "skipped bytes of junk".
# For whom it matters: zeros are what is read in place of data after many faults: blocks that a crash took from a file already grown, what
# ddrescue could not read, a hole, a lost write of a thin or a network disk. Compression would have told; plain tar has no check
# of its data.
# What follows for our users: a checksum beside an archive, or a compressor that has one around it. A test compares the number of
# names with that of the source. `tar -i` reads on behind zeros, for rescue.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages tar=1.34+dfsg-1.2+deb12u1 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 libxml2=2.9.14+dfsg-1.3~deb12u6 \
  libicu72=72.1-3+deb12u1 pax=1:20201030-1 cpio=2.13+dfsg-7.1 busybox=1:1.35.0-4+deb12u1+b1
tar=$root/bin/tar
echo "version    $($tar --version | head -1), $(bsdtar --version), $(/usr/bin/python3 --version)"

mkdir files
for i in $(seq 101 200); do head -c 20000 /dev/urandom >"files/$i"; done
$tar --create --file archive.tar --sort=name files
cp archive.tar damaged.tar
dd if=/dev/zero of=damaged.tar bs=64K seek=10 count=1 conv=notrunc status=none
# listed COMMAND...: how many names it lists of the damaged archive on its standard input, its words and its status.
listed() {
  local status
  "$@" <damaged.tar >names 2>words && status=0 || status=$?
  echo "$(grep -c files names) names, words: $(grep -cv blocks words || true), status $status"
}
expect "names in the archive" "$($tar --list --file archive.tar | wc -l)" 101
silent="33 names, words: 0, status 0"
expect "GNU tar" "$(listed "$tar" --list)" "$silent"
expect bsdtar "$(listed bsdtar -tf -)" "$silent"
expect pax "$(listed pax)" "$silent"
expect "cpio -H ustar" "$(listed cpio --list --format ustar)" "$silent"
expect "BusyBox tar" "$(listed busybox tar -t)" "$silent"
expect "Python's tarfile" "$(listed /usr/bin/python3 -m tarfile -l /dev/stdin)" "$silent"
expect "GNU tar, with -i" "$(listed "$tar" --list --ignore-zeros)" "98 names, words: 2, status 2"
mkdir out
$tar --extract --file damaged.tar --directory out && status=0 || status=$?
expect "exit status of unpacking" "$status" 0
last=$(find out/files -type f -printf "%f\n" | sort | tail -1)
expect "the last file that comes out, against its source" \
  "$(stat --format %s "out/files/$last") bytes, $(cmp -s "out/files/$last" "files/$last" && echo same || echo different)" \
  "20000 bytes, different"
find files | sort | cpio --create --format newc --quiet >archive.cpio
cp archive.cpio damaged.tar
dd if=/dev/zero of=damaged.tar bs=64K seek=10 count=1 conv=notrunc status=none
expect "for comparison, cpio's own format" "$(listed cpio --list)" "98 names, words: 1, status 0"
