#!/usr/bin/env bash
# fsync on a disk that nbd-server serves succeeds, and the server syncs nothing, until its configuration says "flush = true".
#
# One would guess: a block server's default keeps the promise that file systems and databases are built on. What was flushed is
# on the disk; whoever prefers speed switches that off.
# What happens: nbd-server writes into its page cache and, by default, does not offer the flush command. A client that may not
# send one takes the device for one that needs none, so every fsync, barrier and journal commit above it succeeds without a
# request. In nbdfuse, used here because it needs no driver, `dd conv=fsync` exits with 0. qemu-nbd and nbdkit offer flush by
# themselves.
# For whom it matters: who keeps a file system or a database on such a disk. When the server loses power, commits are gone, and
# out of order.
# What follows for our users: `nbdinfo URI` must say "can_flush: true" before `cp --sync` to a file system on it means anything.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages nbd-server=1:3.24-1.1 libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 libfuse3-3=3.14.0-4 strace=6.1-0.1
echo "version    nbd-server $(nbd-server --version 2>&1 | grep -o '[0-9][0-9.]*' | head -1), $(nbdfuse --version | head -1)"

serve_and_sync() {
  local name=$1 line=$2
  truncate -s 1M "$name.disk"
  mkdir "$name.shown"
  printf '[generic]\nunixsock = %s\n[%s]\nexportname = %s\n%s\n' \
    "$folder/$name.socket" "$name" "$folder/$name.disk" "$line" >"$name.conf"
  strace -qq -f -e trace=fsync,fdatasync,sync_file_range -o "$name.calls" \
    nbd-server --config-file "$folder/$name.conf" --pid-file "$folder/$name.pid" 2>/dev/null &
  local uri="nbd+unix:///$name?socket=$folder/$name.socket"
  until_there test -S "$name.socket" -a -s "$name.pid"
  started+=("$(cat "$name.pid")")
  can_flush=$(nbdinfo "$uri" | grep -o 'can_flush: [a-z]*')
  nbdfuse "$name.shown/disk" "$uri" &
  until_there test -e "$name.shown/disk"
  dd if=/dev/urandom of="$name.shown/disk" bs=4K count=4 conv=notrunc,fsync status=none && synced=$? || synced=$?
  umount "$name.shown"
  synced_by_server=$(grep -c sync "$name.calls" || true)
}

serve_and_sync default ""
expect "what the server offers by default" "$can_flush" "can_flush: false"
expect "exit status of dd conv=fsync" "$synced" 0
expect "times the server called fsync or a like" "$synced_by_server" 0
serve_and_sync durable "flush = true"
expect "what the server offers with flush = true" "$can_flush" "can_flush: true"
expect "it called fsync then" "$((synced_by_server > 0))" 1
