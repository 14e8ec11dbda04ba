#!/usr/bin/env bash
# On mergerfs, rename(2) of a folder to the name of one that is not empty succeeds, and makes one folder of the files of both.
#
# One would guess: it fails with ENOTEMPTY, as POSIX says and as each of the disks below says. Programs count on it: who renames a
# finished folder to its final name is the first and only one, or learns that somebody was there.
# What happens: mergerfs renames on each disk that has the source. Where the target's files are on another disk, nothing is in the
# way there, and the two folders of one name are shown as one. A file that is in both is shown from the first disk; the other one is
# hidden, and goes with it when that name is removed. Where the source lies on both disks, the rename succeeds if one of them can:
# the rest of the files stays under the old name. Only when every disk refuses it fails, as it should.
# For whom it matters: workers that publish a result by rename and take an error for "done already", caches of packages and builds (npm,
# conda, git's quarantine), `mv -T new current`. The result is a mixture of two runs, and no call has failed.
# What follows for our users: do not take rename for a lock on mergerfs. mkdir(2) with one name fails there as it should: claim the name
# with it first, or publish into a name that is used once only.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages mergerfs=2.33.5-1
echo "version    $(mergerfs --version | head -1), Linux $(uname -r)"

mkdir one two pool
cat >publish.py <<'PY'
import os

try:
    os.rename("pool/fresh", "pool/result")
    print("success")
except OSError as error:
    print(error.strerror)
PY

# pooled DISK...: a folder "fresh" with a file on each of these disks and a table on the first, and "result" on the disk two.
pooled() {
  rm -rf one/* two/*
  mkdir two/result
  for disk in "$@"; do
    mkdir "$disk/fresh"
    echo "second run" >"$disk/fresh/second.$disk"
  done
  echo "second run" >"$1/fresh/table"
  echo "first run" >two/result/table
  echo "first run" >two/result/first
}
# published DISK...: what rename says of that, and the files that the pool shows then.
published() {
  pooled "$@"
  mergerfs -o cache.files=off,category.create=mfs one:two pool
  until_there mountpoint -q pool
  echo "$(/usr/bin/python3 publish.py):" "$(cd pool && find . -type f -printf '%P\n' | sort | paste -sd' ')"
}
expect "both on one disk" "$(published two)" \
  "Directory not empty: fresh/second.two fresh/table result/first result/table"
umount pool
expect "each on its own disk" "$(published one)" "success: result/first result/second.one result/table"
expect "the table" "$(cat pool/result/table)" "second run"
expect "tables on the disks" "$(find one two -name table | wc -l)" 2
rm pool/result/table
expect "tables on the disks after it was removed" "$(find one two -name table | wc -l)" 0
expect "mkdir of the name in use" "$(mkdir pool/result 2>&1 | grep -o 'File exists')" "File exists"
umount pool
expect "the one to rename on both disks" "$(published one two)" \
  "success: fresh/second.two result/first result/second.one result/table"
umount pool
