#!/usr/bin/env bash
# usage: examples/file_server_test.sh PROGRAM
# curl gets files from the server byte by byte, whole and in ranges, and nothing that is elsewhere.
set -euo pipefail

command -v curl >/dev/null || {
  echo "skipped: there is no curl"
  exit 77
}
dir=$(mktemp -d)
trap 'kill "$server_pid"; rm -rf "$dir"' EXIT
mkdir "$dir/served" "$dir/served/sub"
coproc server { exec "$1" "$dir/served" 127.0.0.1:0; }
server_pid=$!
read -r _ _ address <&"${server[0]}"

get() { curl --silent --show-error --max-time 60 --path-as-is "$@"; }
status() { get --output "$dir/body" --write-out '%{http_code}' "$@"; }
fails() {
  echo "$1"
  exit 1
}
at=http://$address
# is_part FILE FIRST BYTES: the file is this part of the large one
is_part() { [[ $(stat -c %s "$1") == "$3" ]] && cmp --ignore-initial="0:$2" --bytes="$3" "$1" "$dir/served/much"; }

head -c 5000000 /dev/urandom >"$dir/served/much"
: >"$dir/served/nothing"
printf 'a b' >"$dir/served/sub/with space+%41"
printf 'secret' >"$dir/secret"
ln -s ../secret "$dir/served/way_out"
mkfifo "$dir/served/pipe"

[[ $(status "$at/much") == 200 ]]
is_part "$dir/body" 0 5000000
[[ $(status "$at/nothing") == 200 && ! -s $dir/body ]]
[[ $(status "$at//sub/with%20space+%2541?x=1") == 200 && $(<"$dir/body") == "a b" ]]
echo "ok: files come as they are"

ranges=(0-0 0-99 70000-200000 4999999-4999999 4999990-6000000 1234567-)
for range in "${ranges[@]}"; do
  [[ $(status -r "$range" "$at/much") == 206 ]] || fails "$range is not answered with a part"
  first=${range%-*} last=${range#*-}
  [[ -n $last && $last -lt 5000000 ]] || last=4999999
  is_part "$dir/body" "$first" "$((last - first + 1))"
done
[[ $(status -r -500 "$at/much") == 206 ]]
is_part "$dir/body" 4999500 500
echo "ok: ranges are the bytes that were asked for"

[[ $(status -r 5000000- "$at/much") == 416 && $(status -r 0- "$at/nothing") == 416 ]]
[[ $(status -H 'Range: lines=1-2' "$at/much") == 200 && $(status -H 'Range: bytes=9-2' "$at/much") == 200 ]]
echo "ok: what is no range of the file is not one"

head -c 1000000 "$dir/served/much" >"$dir/resumed"
get -C - --output "$dir/resumed" "$at/much"
cmp "$dir/resumed" "$dir/served/much"
echo "ok: curl goes on where it has stopped"

for path in missing way_out ../secret sub/../../secret %2e%2e/secret sub pipe "much%00" "$(printf 'a%.0s' {1..5000})"; do
  [[ $(status "$at/$path") == 404 ]] || fails "${path:0:20} is there"
done
[[ $(status -T "$dir/secret" "$at/much") == 501 ]]
[[ $(stat -c %s "$dir/served/much") == 5000000 ]]
echo "ok: nothing else is served, and nothing is written"

clients=()
for i in {1..100}; do
  get -r "$i-" --output "$dir/$i" "$at/much" &
  clients+=($!)
done
for client in "${clients[@]}"; do wait "$client"; done
for i in {1..100}; do is_part "$dir/$i" "$i" "$((5000000 - i))"; done
echo "ok: a hundred clients at once are served"
