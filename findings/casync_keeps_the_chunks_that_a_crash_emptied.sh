#!/usr/bin/env bash
# casync's store holds empty chunks after a power cut, and every later backup counts on them and exits with 0.
#
# One would guess: a store whose chunks are named by the digest of their content cannot be wrong for long: a chunk is written to
# the side, synced, renamed, and a later `casync make` that needs it finds it bad and writes it again.
# What happens: casync renames without fsync. ext4 commits the new names seconds after, the bytes half a minute later, or at once
# when any other program calls fsync on anything; a power cut in between leaves chunks of 0 bytes under the right names. From then
# on `casync make` sees that the name is there and skips it. It makes an index, exits with 0, day after day, and
# `casync extract` of each of these indexes fails.
# For whom it matters: who keeps backups or images by casync, and anybody who builds a content-addressed store: "it exists" says
# less than "it is whole".
# What follows for our users: sync -f the store after each make, and look for empty chunks after a crash (find STORE -empty
# -delete, then make again). Try a restore, not a backup, to know that backups work.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages casync=2+20201210-1+b1 libfuse2=2.9.9-6+b1
echo "version    $(casync --version | head -1), Linux $(uname -r)"

head -c 3M /dev/urandom >image
truncate -s 320M disk
mkfs.ext4 -q disk
mkdir mounted
mount -o loop disk mounted
casync make --store=mounted/store.castr mounted/first.caibx image >digest
expect "empty chunks" "$(find mounted/store.castr -type f -empty | wc -l)" 0
touch mounted/other
sync mounted/other  # somebody else's commit
cp --sparse=always disk after_the_cut
umount mounted

mount -o loop after_the_cut mounted
expect "after a power cut, chunks that are not empty" "$(find mounted/store.castr -type f ! -empty | wc -l)" 0
expect "chunks that are, 10 or more" "$(($(find mounted/store.castr -type f -empty | wc -l) >= 10))" 1
casync make --store=mounted/store.castr mounted/second.caibx image >digest && status=0 || status=$?
expect "exit status of the next backup" "$status" 0
expect "chunks that are not empty after it" "$(find mounted/store.castr -type f ! -empty | wc -l)" 0
casync extract --store=mounted/store.castr mounted/second.caibx restored 2>complaint && status=0 || status=$?
expect "exit status of its restore" "$status" 1
find mounted/store.castr -type f -empty -delete
casync make --store=mounted/store.castr mounted/third.caibx image >digest
casync extract --store=mounted/store.castr mounted/third.caibx restored
expect "when the empty chunks are removed first" "$(cmp image restored && echo same)" same
umount mounted
