#!/usr/bin/env bash
# xfsrestore of a dump that was cut restores what is there, says "Restore Status: SUCCESS" and exits with 0; of an empty one too.
#
# One would guess: a dump has headers, checksums, a list of its files and an end mark, so a restore knows when something is missing.
# GNU tar, cpio and `btrfs receive` end with an error at a stream that ends early.
# What happens: the end of the data is the end of the dump, as on a tape that has no more. The folders come first, so that all names are
# known, and still files that never come are not missed. The file in which the cut lies has its full size, with a hole for its rest:
# `ls -l` shows nothing. One line among the others says "end of recorded data", and the last says SUCCESS. An empty file is a dump
# without files, and a success. `xfsrestore -t`, which one may take for a test, ends with 0 as well.
# For whom it matters: who sends xfsdump over ssh or to a disk: the network ends, the disk is full, a part was not fetched. xfsdump
# did fail then, but on the other machine or in another night, and the restore is what one trusts.
# What follows for our users: keep the size and a checksum of a dump beside it, written after xfsdump ended with 0, and compare them
# before a restore. Look for "end of recorded data" in what xfsrestore prints, and compare the number of files with that of the dump.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages xfsdump=3.1.11-0.1 xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1

mkdir mounted
truncate --size 400M disk
mkfs.xfs -q disk
mount -o loop disk mounted
for name in a b c d e f; do head -c 512000 /dev/urandom >mounted/$name; done
xfsdump -l 0 -J -L session -M medium -f whole "$folder/mounted" >words 2>&1 && status=0 || status=$?
xfsrestore -J -t -f whole >names 2>&1
echo "version    xfsrestore $(grep -o 'version [0-9.]*' names | cut -d' ' -f2), Linux $(uname -r)"
expect "exit status of xfsdump, files in the dump" "$status, $(grep -c '^[a-f]$' names)" "0, 6"
head -c 2000000 whole >half
: >nothing

# restored COMMAND...: the exit status, the status in words, and how many files are equal, different, and not there.
restored() {
  local status=0 equal=0 differ=0 missing=0
  rm -rf back
  mkdir back
  "$@" >words 2>&1 || status=$?
  for name in a b c d e f; do
    if [[ ! -e back/$name ]]; then missing=$((missing + 1))
    elif cmp -s back/$name mounted/$name; then equal=$((equal + 1))
    else differ=$((differ + 1)); fi
  done
  echo "$status $(grep -o 'Restore Status: .*' words) $equal $differ $missing"
}
from_pipe() { xfsrestore -J - back <"$1"; }
expect "the whole dump" "$(restored xfsrestore -J -f whole back)" "0 Restore Status: SUCCESS 6 0 0"
expect "two thirds of it" "$(restored xfsrestore -J -f half back)" "0 Restore Status: SUCCESS 3 1 2"
sizes=$(stat --format %s back/d mounted/d | uniq)
expect "the size of the one that differs, both times" "$sizes" 512000
expect "lines about it" "$(grep -c "end of recorded data" words)" 1
expect "the same through a pipe" "$(restored from_pipe half)" "0 Restore Status: SUCCESS 3 1 2"
expect "an empty file" "$(restored xfsrestore -J -f nothing back)" "0 Restore Status: SUCCESS 0 0 6"
xfsrestore -J -t -f half >names 2>&1 && status=0 || status=$?
expect "exit status of xfsrestore -t, names" "$status, $(grep -c '^[a-f]$' names)" "0, 4"
umount mounted
