#!/usr/bin/env bash
# tgt, the iSCSI target, confirms SYNCHRONIZE CACHE on a store of type "aio" and does nothing.
#
# One would guess: the kind of I/O by which a target reaches its file (--bstype rdwr or aio) is a matter of speed. A flush that is
# confirmed was done, whichever it is.
# What happens: with rdwr tgt answers a flush by fdatasync. With aio it opens the file with O_DIRECT and takes every command but
# reads and writes for done: the flush ends with GOOD, and no call is made. O_DIRECT goes past the page cache, not past the cache of
# the disk, and says nothing of the file: blocks that a sparse image gets stand in the file system's memory until its next
# commit. After a power cut they read as zeros, under an initiator whose journal and databases were told that they are safe.
# For whom it matters: who chose aio for speed, and keeps file systems, volumes of VMs or databases on the target.
# What follows for our users: bstype rdwr, or images on devices and files that are fully written, on disks whose cache survives.
# `cp --sync` to a file system on such a disk is as good as the target.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages tgt=1:1.0.85-1+deb12u1 qemu-utils=1:7.2+dfsg-7+deb12u18+b3 qemu-block-extra=1:7.2+dfsg-7+deb12u18+b3 libiscsi7=1.19.0-3 \
  libaio1=0.3.113-4 liburing2=2.3-3 libfuse3-3=3.14.0-4 libibverbs1=44.0-2 librdmacm1=44.0-2 libnl-3-200=3.7.0-0.2+b1 \
  libnl-route-3-200=3.7.0-0.2+b1 strace=6.1-0.1
export TGT_IPC_SOCKET=$folder/control QEMU_MODULE_DIR=$root/usr/lib/x86_64-linux-gnu/qemu
name=iqn.2026-01.example:disk
echo "version    tgtd $(tgtd --version), $(qemu-io --version | head -1)"

# served TYPE: what the target calls for a write and a flush, which succeed.
served() {
  truncate -s 8M "$1.disk"
  strace -qq -f -e trace=pwrite64,io_submit,fsync,fdatasync,sync_file_range -o "$1.calls" \
    tgtd --foreground --iscsi portal=127.0.0.1:3277 >words 2>&1 &
  local tracer=$!
  until_there tgtadm --op show --mode target >words 2>&1
  local target
  target=$(ps --ppid "$tracer" --format pid= | tr -d ' ')
  started=("$target")
  tgtadm --lld iscsi --op new --mode target --tid 1 --targetname $name
  tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 1 --backing-store "$folder/$1.disk" --bstype "$1"
  tgtadm --lld iscsi --op bind --mode target --tid 1 --initiator-address ALL
  qemu-io -f raw -c 'write -q 0 64k' -c flush iscsi://127.0.0.1:3277/$name/1 >words && client=$? || client=$?
  kill -KILL "$target"
  wait "$tracer" 2>words || true
  started=()
  echo "client's status $client, writes: $(grep -cE 'pwrite64|io_submit' "$1.calls"), syncs: $(grep -cE 'sync' "$1.calls" || true)"
}
expect "bstype rdwr" "$(served rdwr)" "client's status 0, writes: 1, syncs: 2"
expect "bstype aio" "$(served aio)" "client's status 0, writes: 1, syncs: 0"
