#!/usr/bin/env bash
# usage: examples/nbd_test.sh PROGRAM
# Clients of NBD find the disk image of the server as it is and write it; what is wrong is refused, and stops nobody else.
set -euo pipefail

for tool in nbdinfo nbdcopy qemu-img qemu-io python3; do
  command -v "$tool" >/dev/null || {
    echo "skipped: there is no $tool"
    exit 77
  }
done
program=$1
dir=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}"; rm -rf "$dir"' EXIT

fails() {
  echo "$1"
  exit 1
}
# serve IMAGE ADDRESS: in `address`, where it listens
serve() {
  exec {said}< <(exec "$program" "$1" "$2")
  servers+=($!)
  read -r _ _ address <&"$said"
}
each() { timeout 60 "$@" || fails "'$*' fails"; }

head -c 3000000 /dev/urandom >"$dir/disk"
head -c 5000000 /dev/urandom | dd of="$dir/disk" bs=1M seek=40 status=none
truncate -s 64M "$dir/disk"
cp "$dir/disk" "$dir/original"
serve "$dir/disk" "unix:$dir/socket"
local="nbd+unix:///?socket=$dir/socket"
serve "$dir/disk" 127.0.0.1:0
remote=nbd://$address

for disk in "$local" "$remote"; do
  [[ $(each nbdinfo --size "$disk") == 67108864 ]] || fails "nbdinfo finds another size at $disk"
  [[ $(each nbdinfo --list "$disk") == *'export="":'*'can_fua: true'*'can_multi_conn: true'* ]] || fails "nbdinfo lists something else"
  each nbdcopy "$disk" "$dir/copy"
  cmp "$dir/copy" "$dir/original"
  each qemu-img compare -q -f raw -F raw "$disk" "$dir/original"
done
echo "ok: the disk is as it is, at both addresses"

head -c 67108864 /dev/urandom >"$dir/other"
each nbdcopy --flush "$dir/other" "$remote"
cmp "$dir/disk" "$dir/other"
each nbdcopy --connections=1 --requests=64 --request-size=2097152 "$dir/original" "$local"
each qemu-img compare -q -f raw -F raw "$remote" "$dir/original"
echo "ok: what is written is there, with several connections and with large requests"

head -c 1000001 /dev/urandom >"$dir/odd"
cp "$dir/odd" "$dir/odd.original"
serve "$dir/odd" 127.0.0.1:0
[[ $(each nbdinfo --json "nbd://$address") == *'"block_size_minimum": 1,'* ]] || fails "a disk without whole blocks has some"
each nbdcopy "nbd://$address" "$dir/copy"
cmp "$dir/copy" "$dir/odd.original"
each qemu-io -f raw -c 'write -q -f -P 7 999990 10' "nbd://$address" >/dev/null
{
  head -c 999990 "$dir/odd.original"
  printf '\7%.0s' {1..10}
  tail -c 1 "$dir/odd.original"
} | cmp - "$dir/odd"
echo "ok: a disk may have any size, and writes any place"

before=$(stat -c %b "$dir/disk")
each qemu-io -f raw -d unmap -c 'discard -q 40M 4M' -c 'read -q -P 0 40M 4M' -c flush "$remote"
(($(stat -c %b "$dir/disk") < before)) || fails "what is discarded still takes room"
echo "ok: what is discarded takes no room"

python3 - "${address%:*}" "${address##*:}" "$dir/odd" <<'PYTHON'
import socket, struct, sys

host, port, path = sys.argv[1], int(sys.argv[2]), sys.argv[3]
ASKS, EINVAL, ENOSPC = 0x49484156454F5054, 22, 28
size = 1000001


def connect(client_can=1):
    peer = socket.create_connection((host, port), timeout=60)
    assert hear(peer, ">8sQH") == (b"NBDMAGIC", ASKS, 3)
    peer.sendall(struct.pack(">I", client_can))
    return peer


def hear(peer, form):
    data = b""
    while len(data) < struct.calcsize(form):
        more = peer.recv(struct.calcsize(form) - len(data))
        assert more, "the server has hung up"
        data += more
    return struct.unpack(form, data)


def hung_up(peer):
    try:
        return peer.recv(1) == b""
    except ConnectionResetError:
        return True


def option(peer, code, data=b""):
    peer.sendall(struct.pack(">QII", ASKS, code, len(data)) + data)


def answer(peer, code):
    magic, to, what, length = hear(peer, ">QIII")
    assert (magic, to) == (0x3E889045565A9, code)
    return what, hear(peer, f">{length}s")[0]


def request(peer, what, offset, length, cookie, flags=0, data=b""):
    peer.sendall(struct.pack(">IHHQQI", 0x25609513, flags, what, cookie, offset, length) + data)


def reply(peer):
    magic, error, cookie = hear(peer, ">IIQ")
    assert magic == 0x67446698
    return error, cookie


def chosen():
    peer = connect(3)
    option(peer, 1, b"any name")
    assert hear(peer, ">QH") == (size, 0b100101101)
    return peer


peer = connect()
option(peer, 8)
assert answer(peer, 8) == (0x80000001, b""), "structured replies are not refused"
option(peer, 6, struct.pack(">IH", 0, 0))
assert answer(peer, 6) == (3, struct.pack(">HQH", 0, size, 0b100101101))
assert answer(peer, 6)[0] == 3
assert answer(peer, 6) == (1, b"")
option(peer, 1)
assert hear(peer, ">QH124s") == (size, 0b100101101, bytes(124)), "no zeroes for a client that wants them"
peer.close()
peer = connect()
option(peer, 2)
assert answer(peer, 2) == (1, b"") and hung_up(peer), "a client that goes is held"
peer = connect()
peer.sendall(b"GET / HTTP/1.1\r\n\r\n")
assert hung_up(peer), "what is no option is answered"
print("ok: the handshake is that of the protocol")

peer = chosen()
wrong = [(0, size, 1, 0, EINVAL), (0, 2**64 - 1, 2, 0, EINVAL), (0, 0, 2**31, 0, EINVAL), (1, size - 1, 2, 0, ENOSPC),
         (4, size, 1, 0, EINVAL), (9, 0, 0, 0, EINVAL), (0, 0, 1, 2, EINVAL)]
for what, offset, length, flags, error in wrong:
    request(peer, what, offset, length, 77, flags, b"x" * length if what == 1 else b"")
    assert reply(peer) == (error, 77), (what, offset, length)
request(peer, 0, size - 2, 2, 5)
assert reply(peer) == (0, 5)
assert hear(peer, ">2s")[0] == open(path, "rb").read()[-2:], "a refused write was done"
request(peer, 0, 0, 0, 6)
assert reply(peer) == (0, 6)
print("ok: what lies outside, and what is unknown, is refused")

awaited = set(range(200))
for cookie in awaited:
    request(peer, 1, 1000 * cookie, 1000, cookie, 1, bytes([cookie]) * 1000)
while awaited:
    error, cookie = reply(peer)
    assert error == 0
    awaited.remove(cookie)
for cookie in range(200):
    request(peer, 0, 1000 * cookie, 1000, cookie)
for _ in range(200):
    error, cookie = reply(peer)
    assert error == 0 and hear(peer, ">1000s")[0] == bytes([cookie]) * 1000
for cookie in range(10):
    request(peer, 1, 500000, 4, cookie, 1, b"last")
request(peer, 2, 0, 0, 10)
assert {reply(peer) for _ in range(10)} == {(0, cookie) for cookie in range(10)} and hung_up(peer)
print("ok: two hundred requests at once are answered each, and the end comes after the last")

# Each of these leaves a write unfinished: more of them than there are buffers.
for _ in range(100):
    peer = chosen()
    request(peer, 1, 0, 1000, 1, 0, b"half")
    peer.close()
peer = chosen()
request(peer, 1, 0, 2**31, 1)
assert hung_up(peer), "a write that is too long is waited for"
peer = chosen()
request(peer, 0, 500000, 4, 3)
assert reply(peer) == (0, 3) and hear(peer, ">4s")[0] == b"last"
print("ok: who breaks off concerns nobody else")
PYTHON
