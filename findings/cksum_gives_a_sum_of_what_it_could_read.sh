#!/usr/bin/env bash
# cksum of a file with an unreadable block prints a sum and a size, of the part before the block, and exits with 0.
#
# One would guess: a read error is an error: a word on stderr, no sum, another exit status. So it is with `cksum -a sha256`,
# sha256sum, cat, and with cksum itself in other releases.
# What happens: in coreutils 9.1 plain cksum takes the error for the end. The line looks like any other; the size in it is that of
# the part that was read, which is the one thing that tells.
# For whom it matters: who makes a list of sums of a failing disk before or after rescuing it, or compares two copies by cksum:
# two disks that fail at the same place have the same sum, and a copy that was cut there "agrees" with its original.
# What follows for our users: cksum -a sha256 (or b2sum) for sums that shall prove something, and a look at the size. A verifying
# copier has to read both sides again and take each error for one.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages coreutils=9.1-1 nbdkit=1.32.5-1 libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 libfuse3-3=3.14.0-4
echo "version    $("$root/usr/bin/cksum" --version | head -1)"

half_unreadable disk
expect "size that stat tells" "$(stat --format %s shown/disk)" 2097152
cat shown/disk >part 2>complaint && status=0 || status=$?
expect "exit status of cat" "$status" 1
cksum -a sha256 shown/disk >seen 2>complaint && status=0 || status=$?
expect "exit status of cksum -a sha256" "$status" 1
cksum shown/disk >seen 2>complaint && status=0 || status=$?
expect "exit status of cksum" "$status" 0
expect "its words on stderr" "$(cat complaint)" ""
expect "its sum and size" "$(cut -d' ' -f1,2 seen)" "$(cksum <half | cut -d' ' -f1,2)"
umount shown
