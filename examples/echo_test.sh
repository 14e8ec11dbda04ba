#!/usr/bin/env bash
# usage: examples/echo_test.sh PROGRAM
# What socat sends to the echo server comes back, also from more connections than it has buffers.
set -euo pipefail

command -v socat >/dev/null || {
  echo "skipped: there is no socat"
  exit 77
}
dir=$(mktemp -d)
coproc server { exec "$1" 127.0.0.1:0; }
server_pid=$!
trap 'kill "$server_pid"; rm -rf "$dir"' EXIT
read -r _ _ address <&"${server[0]}"

# -t: socat forwards the end of its input at once, and then waits so long for the rest of the answer.
echo_once() {
  socat -t 60 -b 65536 - "TCP:$address" <"$1" >"$2"
  cmp "$1" "$2"
}

head -c 5000000 /dev/urandom >"$dir/much"
echo_once "$dir/much" "$dir/much.back"
echo "ok: five million bytes come back"

: >"$dir/nothing"
echo_once "$dir/nothing" "$dir/nothing.back"
echo "ok: nothing comes back as nothing"

clients=()
for i in {1..100}; do
  printf 'client %d\n%s' "$i" "$(head -c 3000 "$dir/much" | base64)" >"$dir/$i"
  echo_once "$dir/$i" "$dir/$i.back" &
  clients+=($!)
done
for client in "${clients[@]}"; do wait "$client"; done
echo "ok: a hundred clients at once are served"

# One that says nothing holds one buffer and stops nobody.
mkfifo "$dir/silence"
exec {silence}<>"$dir/silence"
socat -t 1 - "TCP:$address" <"$dir/silence" &
silent=$!
echo_once "$dir/1" "$dir/1.back"
kill "$silent"
echo "ok: a silent client stops nobody"
