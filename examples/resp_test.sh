#!/usr/bin/env bash
# usage: examples/resp_test.sh PROGRAM
# The clients of Redis find what they expect, and so does one that sends its commands in pieces.
set -euo pipefail

command -v redis-benchmark redis-cli >/dev/null || {
  echo "skipped: there are no redis-benchmark and redis-cli"
  exit 77
}
coproc server { exec "$1" 127.0.0.1:0; }
server_pid=$!
trap 'kill "$server_pid"' EXIT
read -r _ _ address <&"${server[0]}"
port=${address##*:}

cli() { timeout 60 redis-cli -e -p "$port" "$@"; }
fails() {
  echo "$1"
  exit 1
}

[[ $(cli PING) == PONG ]] || fails "PING is not answered"
[[ $(cli ping hello) == hello ]] || fails "PING with a word is not answered with it"
[[ $(cli ECHO "two words") == "two words" ]] || fails "ECHO does not give its word back"
echo "ok: redis-cli hears PONG and its own words"

if refusal=$(cli SET a b 2>&1); then fails "SET is no error"; fi
[[ $refusal == *"unknown command"* ]] || fails "SET is refused with '$refusal'"
echo "ok: what it does not know it says so about"

for _ in {1..5000}; do printf 'PING\r\n*2\r\n$4\r\nECHO\r\n$3\r\nabc\r\n'; done |
  timeout 60 redis-cli -p "$port" --pipe | grep -q 'errors: 0, replies: 10000$' ||
  fails "ten thousand commands in a row are not all answered"
echo "ok: ten thousand commands in a row have an answer each"

figures=$(timeout 60 redis-benchmark -p "$port" -t ping -P 16 -c 50 -n 100000 --csv 2>/dev/null)
[[ $figures == *'"PING_INLINE"'*'"PING_MBULK"'* ]] || fails "redis-benchmark gives up: $figures"
echo "ok: redis-benchmark comes to its end, with fifty connections"

exec {peer}<>"/dev/tcp/127.0.0.1/$port"
pieces=$'*2\r\n$4\r\nECHO\r\n$5\r\na\r\nbc\r\nPING\r\n'
for ((i = 0; i < ${#pieces}; ++i)); do printf %s "${pieces:i:1}" >&"$peer"; done
for expected in '$5' a bc +PONG; do
  IFS=$'\r' read -r -t 60 said _ <&"$peer"
  [[ $said == "$expected" ]] || fails "'$said' and not '$expected' is the answer to pieces"
done
echo "ok: commands in pieces of one byte are understood"

for wrong in $'*1\r\nPING\r\n' $'*x\r\n' $'*1\r\n$-1\r\n' $'*1\r\n$4\r\nPINGPING\r\n' $'*99999\r\n' "$(printf 'a%.0s' {1..20000})"; do
  exec {peer}<>"/dev/tcp/127.0.0.1/$port"
  printf %s "$wrong" >&"$peer"
  read -r -t 60 said <&"$peer"
  [[ $said == "-ERR Protocol error"* ]] || fails "'${wrong:0:20}' is answered with '$said'"
  read -r -t 60 said <&"$peer" && fails "'${wrong:0:20}' does not end the connection"
done
[[ $(cli PING) == PONG ]] || fails "who breaks the protocol stops others"
echo "ok: who breaks the protocol is told, and out"
