#!/usr/bin/env bash
# mdb_dump, tdbdump, xxhsum and hashdeep exit with 0 when the disk that their output goes to is full.
#
# One would guess: `mdb_dump db >backup && rm old` is safe; a tool whose output cannot be written says so, as gdbm_dump, db5.3_dump
# and cat do.
# What happens: they print through stdio and look neither at printf nor at the close of stdout. The dump of LMDB, or of tdb (all of
# Samba's state), ends in the middle of a record, nothing is on stderr, and the status is 0. A list of checksums that is cut is
# worse: `xxhsum --check` says OK to every file that still is in it.
# For whom it matters: whoever dumps before an upgrade or in a nightly job: it is on the day when the disk is full that the last
# good dump gets replaced. And who proves a copy by a list of sums.
# What follows for our users: write dumps through something that checks, `| dd of=FILE conv=fsync` with pipefail set, look for
# the last line (DATA=END of LMDB), and count the lines of a list of sums.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages lmdb-utils=0.9.24-1 liblmdb0=0.9.24-1 tdb-tools=1.4.8-2 libtdb1=1.4.8-2 xxhash=0.8.1-1 hashdeep=4.4-7.1+b1 \
  gdbmtool=1.23-3 libgdbm6=1.23-3
echo "version    $(mdb_dump -V | cut -d: -f1), tdb 1.4.8, $(xxhsum --version 2>&1 | head -1 | cut -d' ' -f1,2), hashdeep $(hashdeep -V)"

# Stores of 3000 records, and as many lines of sums.
mapfile -t numbers < <(seq 1001 4000)
{
  printf '%s\n' VERSION=3 format=print type=btree HEADER=END
  printf ' %s\n a value of many letters\n' "${numbers[@]}"
  echo DATA=END
} >text
mdb_load -n -f text lmdb
for number in "${numbers[@]}"; do printf '{\nkey(4) = "%s"\ndata(23) = "a value of many letters"\n}\n' "$number"; done >text
tdbrestore tdb <text >chatter
printf 'store %s "a value of many letters"\n' "${numbers[@]}" >text
gdbmtool --newdb gdbm <text >chatter
mkdir files full
for number in "${numbers[@]}"; do echo "$number" >"files/a file of a name with many letters $number"; done
mount -t tmpfs -o size=64K tmpfs full

# cut_short COMMAND...: what COMMAND says and its exit status when it prints to a disk of 64 KiB that is too small.
cut_short() {
  local status=0 words=silent
  "$@" >whole 2>complaint
  (($(stat --format %s whole) > 65536)) || { echo "it fits"; return; }
  rm -f full/*
  "$@" >full/output 2>complaint || status=$?
  grep -q '[[:alnum:]]' complaint && words=complains
  cmp -s <(head -c 65536 whole) full/output && echo "$words, status $status"
}
expect "mdb_dump" "$(cut_short mdb_dump -n lmdb)" "silent, status 0"
expect "tdbdump" "$(cut_short tdbdump tdb)" "silent, status 0"
expect "gdbm_dump" "$(cut_short gdbm_dump gdbm)" "complains, status 1"
expect "hashdeep" "$(cut_short hashdeep -b files/*)" "silent, status 0"
expect "xxhsum" "$(cut_short xxhsum files/*)" "silent, status 0"
lines=$(grep -c '' full/output)
expect "of 3000 lines of sums, fewer than 2000 are there" "$((lines < 2000))" 1
sed '$d' full/output >list  # its last line ends in the middle
xxhsum --quiet --check list >verdict 2>&1 && status=0 || status=$?
expect "exit status of xxhsum --check" "$status" 0
umount full
