#!/usr/bin/env bash
# bsdtar and pax restore an empty file when one of its names is taken out of a cpio archive.
#
# One would guess: `bsdtar -xf ARCHIVE NAME` gives the file of that name or an error, as it is with tar archives, where a name that
# is a link to one that was not chosen cannot be made: status 1.
# What happens: in the "newc" form of cpio, that of rpm packages and initial RAM disks too, only the last name of a file carries its
# content; the names before it have the size 0. bsdtar and pax take the size as told, make an empty file, and put the content in when
# the last name comes. When that one was not chosen, or is excluded, the file stays empty. bsdtar exits with 0, pax too for archives
# of GNU's cpio. cpio -i knows of it and looks ahead.
# For whom it matters: who restores single files out of backups or packages that hold links: a configuration file that appears under
# two names comes back empty, over the one that was there.
# What follows for our users: take single files out by cpio -i, or unpack all and copy what is wanted. A restore is checked by sizes,
# not by its status.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages cpio=2.13+dfsg-7.1 libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 pax=1:20201030-1 libbsd0=0.11.7-2
echo "version    $(cpio --version | head -1), $(bsdtar --version | grep -o 'bsdtar [0-9.]*'), pax 20201030"

mkdir packed
echo content >packed/first
ln packed/first packed/second
(cd packed && printf '%s\n' first second | cpio --quiet -o -H newc) >gnu.cpio
(cd packed && bsdtar --format newc -cf - first second) >bsd.cpio
(cd packed && bsdtar -cf - first second) >for_comparison.tar

# taken ARCHIVE COMMAND...: the sizes of what it makes in an empty folder, and its status.
taken() {
  local archive=$folder/$1
  shift
  rm -rf out
  mkdir out
  (cd out && "$@" <"$archive" >"$folder/words" 2>&1) && status=0 || status=$?
  (cd out && stat --format '%n: %s bytes, ' -- * 2>/dev/null || echo 'nothing, ') | tr -d '\n'
  echo "status $status"
}
for archive in gnu bsd; do
  expect "all of $archive.cpio by bsdtar" "$(taken $archive.cpio bsdtar -xf -)" "first: 8 bytes, second: 8 bytes, status 0"
  expect "the first name by bsdtar" "$(taken $archive.cpio bsdtar -xf - first)" "first: 0 bytes, status 0"
  expect "all but the second by bsdtar" "$(taken $archive.cpio bsdtar -xf - --exclude second)" "first: 0 bytes, status 0"
  expect "the first name by cpio" "$(taken $archive.cpio cpio --quiet -i first)" "first: 8 bytes, status 0"
done
expect "the first name of gnu.cpio by pax" "$(taken gnu.cpio pax -r first)" "first: 0 bytes, status 0"
expect "the second name of a tar by bsdtar" "$(taken for_comparison.tar bsdtar -xf - second)" "nothing, status 1"
