#!/usr/bin/env bash
# tar --remove-files with compression removes files that are in no archive when the disk fills; without it, none is lost.
#
# One would guess: --remove-files removes a file once it is in the archive. tar ends with 2 when the archive cannot be written, and what
# is not in it is still there. Without compression it is so: tar looks at what its writes have come to before it removes.
# What happens: with -z, -j, -J, --zstd or -I the archive is a pipe to another process, and what went into the pipe counts as written. That
# process keeps data for as long as its method wants, a block of bzip2, megabytes with zstd, and writes it to the disk, or fails to, when
# the files are gone. On a full disk tar ends with 2, and of 300 files of 10 KiB two hundred are neither in the folder nor in the
# archive (zstd). The same goes for a compressor that is killed for want of memory, or a disk that goes away.
# For whom it matters: who moves logs, results or old projects into archives by `tar --zstd -cf ARCHIVE --remove-files FOLDER`, which is
# what one does when a disk is filling. The status comes too late: there is nothing to try again with.
# What follows for our users: make the archive, sync and test it, then remove: `tar --zstd -cf A F && sync A && tar -df A && rm -r F`.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages tar=1.34+dfsg-1.2+deb12u1 gzip=1.12-1 bzip2=1.0.8-5+b1 xz-utils=5.4.1-1+deb12u2 liblzma5=5.4.1-1+deb12u2 \
  zstd=1.5.4+dfsg2-5+deb12u1 libzstd1=1.5.4+dfsg2-5+deb12u1
echo "version    $(tar --version | head -1), $(gzip --version | head -1), bzip2 1.0.8, $(xz --version | head -1), zstd 1.5.4"

mkdir all full
for number in $(seq 300); do head -c 10K /dev/urandom >"all/$number"; done

# moved OPTION...: the exit status of tar that moves 300 files of 10 KiB into an archive on a disk of 1 MiB. How many are then neither
# in their folder nor can be had from the archive is left in `lost`.
moved() {
  status=0
  lost=0
  rm -rf files out
  cp -r all files
  mkdir out
  mount -t tmpfs -o size=1M tmpfs full
  tar "$@" -cf full/archive --remove-files files 2>words || status=$?
  tar "$@" -xf full/archive -C out 2>words || true
  umount full
  for number in $(seq 300); do
    [[ -e files/$number ]] || cmp -s "all/$number" "out/files/$number" || lost=$((lost + 1))
  done
}
moved
expect "without compression, status and files lost" "$status, $lost" "2, 0"
for call in "--gzip 10" "--bzip2 30" "--xz 5" "--zstd 100"; do
  read -r option least <<<"$call"
  moved "$option"
  expect "$option, status" "$status" 2
  expect "files lost, $least or more of 300 ($lost)" "$((lost >= least))" 1
done
