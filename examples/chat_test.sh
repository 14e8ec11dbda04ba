#!/usr/bin/env bash
# usage: examples/chat_test.sh PROGRAM
# What one socat says all others hear, in order; who does not listen stops nobody; and SIGTERM ends it with a word to all.
set -euo pipefail

command -v socat >/dev/null || {
  echo "skipped: there is no socat"
  exit 77
}
dir=$(mktemp -d)
started=()
trap 'kill "${started[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT
exec {said}< <(exec "$1" "unix:$dir/chat")
server=$!
started+=("$server")
read -r _ _ address <&"$said"
[[ $address == "unix:$dir/chat" ]]

fails() {
  echo "$1"
  exit 1
}
says=() hears=() socats=()
# enters N: client N, who is told so
enters() {
  mkfifo "$dir/say$1" "$dir/hear$1"
  socat - "UNIX:$dir/chat" <"$dir/say$1" >"$dir/hear$1" &
  started+=($!) socats[$1]=$!
  exec {say}>"$dir/say$1" {hear}<"$dir/hear$1"
  says[$1]=$say hears[$1]=$hear
  hears "$1" "you are $1"
}
# says N TEXT
says() { printf %s "$2" >&"${says[$1]}"; }
# hears N LINE
hears() {
  read -r -t 60 line <&"${hears[$1]}" || fails "client $1 does not hear '$2'"
  [[ $line == "$2" ]] || fails "client $1 hears '$line' and not '$2'"
}

enters 1
enters 2
hears 1 "2 comes"
enters 3
hears 1 "3 comes"
hears 2 "3 comes"
says 1 $'hello\nit is me\n'
for client in 2 3; do
  hears "$client" "1: hello"
  hears "$client" "1: it is me"
done
says 3 "a line in "
says 3 $'pieces\n'
hears 1 "3: a line in pieces"
hears 2 "3: a line in pieces"
echo "ok: each hears what the others say"

kill "${socats[2]}"
hears 1 "2 goes"
hears 3 "2 goes"
echo "ok: who goes is gone"

# One that only speaks, and never reads, has a limit; the others hear all of what is too much for it.
mkfifo "$dir/silence"
socat -u - "UNIX:$dir/chat" <"$dir/silence" &
started+=($!)
exec {silence}>"$dir/silence"
hears 1 "4 comes"
hears 3 "4 comes"
much=$(printf '%1000s' x)
gone=0
for ((round = 0; round < 200 && gone == 0; ++round)); do
  for _ in {1..50}; do printf '%s\n' "$much"; done >&"${says[1]}"
  for ((heard = 0; heard < 50;)); do
    IFS= read -r -t 60 line <&"${hears[3]}"
    case $line in
      "1: $much") heard=$((heard + 1)) ;;
      "4 goes") gone=1 ;;
      *) fails "client 3 hears '${line:0:30}'" ;;
    esac
  done
done
((gone == 1)) || fails "who does not listen stays"
hears 1 "4 goes"
echo "ok: who does not listen is out, and stops nobody"

kill -TERM "$server"
hears 1 "the chat is over"
hears 3 "the chat is over"
read -r -t 60 line <&"${hears[1]}" && fails "'$line' comes after the end"
wait "$server" || fails "the end is the error $?"
[[ ! -e $dir/chat ]] || fails "the socket is left behind"
echo "ok: SIGTERM ends it with a word to all"
