#!/usr/bin/env bash
# usage: examples/supervise_test.sh PROGRAM
# The exit status of a program, a signal on its way to it, and what it ends by.
set -euo pipefail

"$1" true
status=0
"$1" sh -c 'exit 7' || status=$?
[ "$status" = 7 ] || { echo "the exit status is $status"; exit 1; }
status=0
"$1" sh -c 'kill -KILL $$' || status=$?
[ "$status" = 137 ] || { echo "the status after SIGKILL is $status"; exit 1; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkfifo "$dir/up"
"$1" sh -c 'trap "exit 9" TERM; echo >"$0"; while :; do sleep 0.1; done' "$dir/up" &
read -r _ <"$dir/up"
kill -TERM $!
status=0
wait $! || status=$?
[ "$status" = 9 ] || { echo "the status after SIGTERM is $status"; exit 1; }
