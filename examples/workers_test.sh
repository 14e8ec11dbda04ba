#!/usr/bin/env bash
# usage: examples/workers_test.sh PROGRAM
# What socat sends comes back from whichever thread has the connection, and SIGTERM ends the program after those who are connected.
set -euo pipefail

command -v socat >/dev/null || {
  echo "skipped: there is no socat"
  exit 77
}
dir=$(mktemp -d)
coproc server { exec "$1" 127.0.0.1:0; }
server_pid=$!
trap 'kill "$server_pid" 2>/dev/null || true; rm -rf "$dir"' EXIT
exec {said}<&"${server[0]}"
read -r _ _ address <&"$said"

clients=()
for i in {1..40}; do
  printf 'client %d\n%s' "$i" "$(head -c 30000 /dev/urandom | base64)" >"$dir/$i"
  { socat -t 60 -b 65536 - "TCP:$address" <"$dir/$i" >"$dir/$i.back" && cmp "$dir/$i" "$dir/$i.back"; } &
  clients+=($!)
done
for client in "${clients[@]}"; do wait "$client"; done
echo "ok: forty clients at once hear themselves"

# One that is connected is served on after the signal, and then it is over.
mkfifo "$dir/say" "$dir/hear"
socat -t 60 - "TCP:$address" <"$dir/say" >"$dir/hear" &
last=$!
exec {say}>"$dir/say" {hear}<"$dir/hear"
echo before >&"$say"
read -r answer <&"$hear"
[[ $answer == before ]]
kill -TERM "$server_pid"
read -r _ number <&"$said"
[[ $number == 15 ]]
echo after >&"$say"
read -r answer <&"$hear"
[[ $answer == after ]]
exec {say}>&-
wait "$last"
wait "$server_pid"
echo "ok: SIGTERM ends it when the last connection has ended"
