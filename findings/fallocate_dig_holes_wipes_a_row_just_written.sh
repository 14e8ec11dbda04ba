#!/usr/bin/env bash
# `fallocate --dig-holes` on a file in use turns bytes that somebody writes and syncs meanwhile into zeros.
#
# One would guess: digging holes in place is for files that are in use, images of running VMs above all, and is as safe as
# defragmenting (e4defrag, xfs_fsr) or deduplicating (duperemove), where the kernel compares or locks before it changes anything.
# What happens: fallocate reads a part of the file, finds that it is zero, and then punches a hole into it, two system calls with nothing
# between that would keep others out; the kernel has no "punch if zero". What was written between the two is gone, also when
# fsync confirmed it in between. fallocate exits with 0.
# For whom it matters: who saves space under databases and images by a nightly job. The window is short on an idle machine and long on a
# busy one, and the pages that are zero, so that they are looked at, are those which a database fills next.
# What follows for our users: dig holes when nobody writes, or in a copy (`carousel cp`, cp --sparse=always). In a guest, fstrim does the same
# from inside and is safe.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages util-linux=2.38.1-5+deb12u3 strace=6.1-0.1 libunwind8=1.6.2-3
echo "version    $(fallocate --version)"

head -c 1M /dev/zero >table
# The call that punches waits for two seconds, as it may for a lock or a processor: in them a row is written.
strace --output=calls --trace=fallocate --inject=fallocate:delay_enter=2000000 fallocate --dig-holes table &
started=("$!")
until_there grep -qs PUNCH_HOLE calls
printf 'a row that was committed' | dd of=table conv=notrunc,fsync bs=24 seek=100 status=none
expect "rows after the fsync" "$(grep -ac committed table)" 1
wait "${started[0]}" && status=0 || status=$?
started=()
expect "exit status of fallocate" "$status" 0
expect "rows afterwards" "$(grep -ac committed table || true)" 0
