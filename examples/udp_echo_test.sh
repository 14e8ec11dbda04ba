#!/usr/bin/env bash
# usage: examples/udp_echo_test.sh PROGRAM
# Each datagram comes back to whoever has sent it: to forty of socat at once, and of any size.
set -euo pipefail

for tool in socat python3; do
  command -v "$tool" >/dev/null || {
    echo "skipped: there is no $tool"
    exit 77
  }
done
dir=$(mktemp -d)
started=()
trap 'kill "${started[@]}"; rm -rf "$dir"' EXIT
exec {said}< <(exec "$1" 127.0.0.1:0)
started+=($!)
read -r _ _ address <&"$said"

says=() hears=()
for i in {1..40}; do
  mkfifo "$dir/say$i" "$dir/hear$i"
  socat - "UDP:$address" <"$dir/say$i" >"$dir/hear$i" &
  started+=($!)
  exec {say}>"$dir/say$i" {hear}<"$dir/hear$i"
  says+=("$say") hears+=("$hear")
done
for word in one two three; do
  for i in "${!says[@]}"; do echo "$word of $i" >&"${says[i]}"; done
  for i in "${!hears[@]}"; do
    read -r -t 60 heard <&"${hears[i]}" || heard="nothing more"
    [[ $heard == "$word of $i" ]] || {
      echo "client $i hears '$heard' after '$word'"
      exit 1
    }
  done
done
echo "ok: each socat hears what it has said"

python3 - "${address%:*}" "${address##*:}" <<'PYTHON'
import os, socket, sys

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
    peer.settimeout(60)
    peer.connect((sys.argv[1], int(sys.argv[2])))
    for size in [0, 1, 1472, 0, 65507, 8]:
        sent = os.urandom(size)
        peer.send(sent)
        assert peer.recv(65536) == sent, "a datagram of %d bytes is another one" % size
PYTHON
echo "ok: a datagram of any size comes back whole, an empty one too"
