#!/usr/bin/env bash
# usage: examples/activated_test.sh PROGRAM
# A server that is passed sockets which listen serves at each of them, also who has come before it was there.
set -euo pipefail

for tool in socat python3; do
  command -v "$tool" >/dev/null || {
    echo "skipped: there is no $tool"
    exit 77
  }
done
dir=$(mktemp -d)
trap 'kill "${activator:-}" 2>/dev/null || true; rm -rf "$dir"' EXIT

python3 - "$1" "$dir/passed" <<'PYTHON'
import os, signal, socket, subprocess, sys

program, path = sys.argv[1:]
tcp = socket.create_server(("127.0.0.1", 0))
local = socket.socket(socket.AF_UNIX)
local.bind(path)
local.listen()
local.setblocking(False)
places = [(socket.AF_INET, tcp.getsockname()), (socket.AF_UNIX, path)]


def client(family, at):
    peer = socket.socket(family)
    peer.settimeout(60)
    peer.connect(at)
    peer.sendall(b"hello")
    return peer


def start(pid, count):
    """What systemd does: sockets from 3 on, and for whom they are."""
    child = os.fork()
    if child > 0:
        return child
    for fd, high in zip((tcp.fileno(), local.fileno()), (100, 101)):
        os.dup2(fd, high)
    for high, fd in zip((100, 101), (3, 4)):
        os.dup2(high, fd)
    os.environ.update(LISTEN_PID=str(pid or os.getpid()), LISTEN_FDS=str(count))
    os.execv(program, [program])


early = [client(*place) for place in places]
server = start(None, 2)
try:
    for peer in early + [client(*place) for place in places]:
        assert peer.recv(5, socket.MSG_WAITALL) == b"hello"
    for name in ("TCP:%s:%d" % tcp.getsockname(), "UNIX:" + path):
        heard = subprocess.run(["socat", "-t60", "-", name], input=b"x" * 1000000, stdout=subprocess.PIPE, check=True, timeout=60)
        assert heard.stdout == b"x" * 1000000, name
    print("ok: who has come before is served, and who comes later, at both sockets")
finally:
    os.kill(server, signal.SIGKILL)
    os.waitpid(server, 0)

for pid, count in ((1, 2), (None, 0)):
    assert os.waitstatus_to_exitcode(os.waitpid(start(pid, count), 0)[1]) == 1
print("ok: sockets that are for somebody else are left alone")
PYTHON

command -v systemd-socket-activate >/dev/null || exit 0
exec {log}< <(exec systemd-socket-activate -l "$dir/socket" "$1" 2>&1)
activator=$!
read -r said <&"$log"
[[ $said == "Listening on"* ]] || {
  echo "systemd-socket-activate says '$said'"
  exit 1
}
[[ $(echo hello | socat -t 60 - "UNIX:$dir/socket") == hello ]]
echo "ok: systemd-socket-activate starts it"
