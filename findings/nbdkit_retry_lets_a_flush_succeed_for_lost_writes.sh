#!/usr/bin/env bash
# Through nbdkit's retry filter a flush succeeds after the server that held the writes has died with them.
#
# One would guess: when a disk server dies, what it confirmed and had not flushed is gone, and the next flush says so. Something
# that opens the disk again for its client keeps the writes until they are flushed, or fails.
# What happens: `nbdkit --filter=retry nbd` connects again and sends the request that failed once more, and that alone. If this was
# the flush, the new server is asked to flush what it never got: it succeeds at once. qemu-nbd holds the tables of a qcow2 in its
# memory until a flush, so a qemu-nbd that is killed takes the writes before along, although the machine it ran on goes on. The
# file system or database above has its fsync confirmed and reads zeros, or what was there before.
# For whom it matters: who puts the filter in front of a server to survive its restarts: migrations, volumes of VMs, long copies over
# bad lines.
# What follows for our users: a flush counts for the connection on which the writes went. Open again only above what can repeat its
# writes: begin a copy again after a lost connection, and compare. FUA on each write, where a server has it, leaves nothing behind.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages nbdkit=1.32.5-1 python3-libnbd=1.14.2-1 libnbd0=1.14.2-1 qemu-utils=1:7.2+dfsg-7+deb12u18+b3 liburing2=2.3-3 libaio1=0.3.113-4 \
  libfuse3-3=3.14.0-4
echo "version    $(nbdkit --version | head -1), $(qemu-nbd --version | head -1)"
parts=$root/usr/lib/x86_64-linux-gnu/nbdkit

# serve: a server of the disk, on the same socket as the one before it.
serve() {
  rm -f server.socket
  qemu-nbd --persistent --format=qcow2 --socket="$folder/server.socket" disk &
  disown
  server=$!
  started=("${filter[@]}" "$server")
  until_there test -S server.socket
}
filter=()
qemu-img create -q -f qcow2 disk 16M
serve
nbdkit --foreground --unix="$folder/filter.socket" --filter="$parts/filters/nbdkit-retry-filter.so" \
  "$parts/plugins/nbdkit-nbd-plugin.so" socket="$folder/server.socket" retry-delay=1 2>complaints &
filter=("$!")
started+=("$!")
until_there test -S filter.socket

cat >client.py <<'PY'
import nbd, os, time

def wait_for(name):
    while not os.path.exists(name):
        time.sleep(0.05)

disk = nbd.NBD()
disk.connect_unix("filter.socket")
disk.pwrite(b"flushed " * 512, 0)
disk.flush()
disk.pwrite(b"written " * 512, 1 << 20)
open("ready", "w").close()
wait_for("again")
try:
    disk.flush()
    print("flush: success")
except nbd.Error as error:
    print("flush:", error.string)
print("first:", disk.pread(7, 0).decode(), "second:", disk.pread(7, 1 << 20).strip(b"\0").decode() or "zeros")
PY
/usr/bin/python3 client.py >seen &
client=$!
started+=("$client")
until_there test -e ready
kill -KILL "$server"
serve
touch again
wait "$client"
expect "after the server was killed and started again" "$(paste -sd, seen)" "flush: success,first: flushed second: zeros"
