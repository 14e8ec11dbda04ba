#!/usr/bin/env bash
# usage: examples/proxy_test.sh PROGRAM
# What curl, socat and others say through the proxy arrives byte by byte, and so do the end of it and a reset.
set -euo pipefail

for tool in curl socat python3; do
  command -v "$tool" >/dev/null || {
    echo "skipped: there is no $tool"
    exit 77
  }
done
program=$1
dir=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}"; rm -rf "$dir"' EXIT
head -c 5000000 /dev/urandom >"$dir/much"

# proxy_to TARGET: in `address`, where the proxy listens
proxy_to() {
  exec {said}< <(exec "$program" 127.0.0.1:0 "$1" 2>>"$dir/errors")
  servers+=($!)
  read -r _ _ address <&"$said"
}

exec {web}< <(cd "$dir" && exec python3 -u -m http.server --bind 127.0.0.1 0 2>/dev/null)
servers+=($!)
read -r _ _ _ _ _ port _ <&"$web"
proxy_to "127.0.0.1:$port"
clients=()
for i in {1..50}; do
  curl --silent --show-error --max-time 60 --output "$dir/$i" "http://$address/much" &
  clients+=($!)
done
for client in "${clients[@]}"; do wait "$client"; done
for i in {1..50}; do cmp "$dir/$i" "$dir/much"; done
echo "ok: curl gets fifty files at once"

exec {echo_log}< <(exec socat -dd TCP-LISTEN:0,bind=127.0.0.1,fork EXEC:cat 2>&1)
servers+=($!)
until [[ ${line:-} == *"listening on"* ]]; do read -r line <&"$echo_log"; done
proxy_to "${line##* }"
socat -t 60 -b 65536 - "TCP:$address" <"$dir/much" >"$dir/back"
cmp "$dir/back" "$dir/much"
echo "ok: socat hears the end of its own words after them"

python3 - "$program" <<'PYTHON'
import random, select, socket, struct, subprocess, sys, threading

listener = socket.create_server(("127.0.0.1", 0), backlog=500)
target = "127.0.0.1:%d" % listener.getsockname()[1]
proxy = subprocess.Popen([sys.argv[1], "127.0.0.1:0", target], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
host, port = proxy.stdout.readline().split()[2].split(":")


def pair():
    """Both ends of a connection through the proxy."""
    client = socket.create_connection((host, int(port)), timeout=60)
    server, _ = listener.accept()
    server.settimeout(60)
    return client, server


def reset(peer):
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.close()


def is_reset(peer):
    try:
        while peer.recv(65536):
            pass
        return False
    except ConnectionResetError:
        return True


def say(peer, data, cuts):
    at = 0
    for cut in cuts + [len(data)]:
        peer.sendall(data[at:cut])
        at = cut
    peer.shutdown(socket.SHUT_WR)


def hear(peer, expected, failures):
    heard = bytearray()
    while more := peer.recv(random.choice([1, 100, 10000, 1000000])):
        heard += more
    if heard != expected:
        failures.append("%d bytes of %d, or others" % (len(heard), len(expected)))


def talk(peer, mine, theirs, failures):
    cuts = sorted(random.sample(range(len(mine) + 1), min(len(mine), 30)))
    speaker = threading.Thread(target=say, args=(peer, mine, cuts))
    speaker.start()
    hear(peer, theirs, failures)
    speaker.join()


try:
    failures, talks = [], []
    for i in range(80):
        random.seed(i)
        one, other = (random.randbytes(random.choice([0, 1, 1000, 100000, 1000000])) for _ in "ab")
        for peer, mine, theirs in zip(pair(), (one, other), (other, one)):
            talks.append(threading.Thread(target=talk, args=(peer, mine, theirs, failures)))
    for each in talks:
        each.start()
    for each in talks:
        each.join()
    assert not failures, failures[0]
    print("ok: eighty connections say what they say in pieces, both ways at once, each with its own end")

    for turn in (1, -1):
        mine, theirs = pair()[::turn]
        mine.sendall(b"question")
        mine.shutdown(socket.SHUT_WR)
        assert theirs.recv(100) + theirs.recv(100) == b"question" and theirs.recv(100) == b""
        theirs.sendall(b"answer")
        theirs.close()
        assert mine.recv(100) + mine.recv(100) == b"answer" and mine.recv(100) == b""
    print("ok: whoever has ended its writing gets an answer still")

    for turn in (1, -1):
        mine, theirs = pair()[::turn]
        reset(mine)
        assert is_reset(theirs), "a reset is no end"
        mine, theirs = pair()[::turn]
        mine.shutdown(socket.SHUT_WR)
        assert theirs.recv(1) == b""
        reset(mine)
        watch = select.poll()
        watch.register(theirs, 0)
        assert watch.poll(60000)[0][1] & select.POLLERR, "a reset after the end is not passed on"
        mine, theirs = pair()[::turn]
        theirs.close()
        assert mine.recv(1) == b""
    print("ok: a reset is passed on, after the end of the writing too")

    idle = [pair() for _ in range(200)]
    client, server = pair()
    client.sendall(b"x")
    assert server.recv(1) == b"x"
    for both in idle:
        both[0].sendall(b"y")
        assert both[1].recv(1) == b"y"
    print("ok: connections that say nothing have no buffer")

    listener.close()
    try:
        assert is_reset(socket.create_connection((host, int(port)), timeout=60)), "nobody is there, and that is no reset"
    except ConnectionResetError:
        pass
    print("ok: where nobody listens the connection is reset")
finally:
    proxy.kill()
PYTHON
