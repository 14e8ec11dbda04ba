#!/usr/bin/env bash
# `socat - TCP:host:port >backup` ends at the first pause of half a second when it runs under cron, and exits with 0.
#
# One would guess: socat copies until the other side closes. That its own standard input is empty only means that there is
# nothing to send.
# What happens: socat joins two streams, and when one direction is at its end it gives the other half a second (-t). cron, systemd
# and ssh -n give a program /dev/null for its input: that is at its end when socat starts, so whenever nothing comes for half a
# second, because a disk is slow or a dump waits for a lock, the transfer is over. What came is in the file, nothing is on stderr,
# both sides exit with 0. At a terminal, where the input stays open, the same line gives the whole file.
# For whom it matters: who moves dumps, images or streams of `zfs send` and `btrfs send` by socat in a nightly job. It was tested by
# hand and works until the sender is busy.
# What follows for our users: `socat -u ADDRESS -` copies in one direction and waits for its end. Compare sizes or sums on both sides:
# a stream that ends is no proof that it is whole.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages socat=1.7.4.4-2 libwrap0=7.6.q-32
echo "version    $(socat -V | grep -o 'socat version [0-9.]*')"

# What is sent: a half, a pause until somebody says to go on, and the other.
cat >send.sh <<'SH'
echo half
until [[ -e go_on ]]; do sleep 0.1; done
echo half
SH
# received COMMAND...: what a call with this command gets. The pause takes two seconds.
received() {
  rm -f go_on socket
  socat UNIX-LISTEN:socket EXEC:"bash send.sh" 2>complaints &
  local sender=$!
  until_there test -S socket
  (sleep 2; touch go_on) &
  "$@" >got 2>words && status=0 || status=$?
  wait "$sender" && sent=0 || sent=$?
  wait
  echo "$(paste -sd+ got), words: $(wc -l <words), status $status, the sender's $sent"
}
at_a_terminal() { sleep 4 | socat - UNIX-CONNECT:socket; }
under_cron() { socat - UNIX-CONNECT:socket </dev/null; }
one_direction() { socat -u UNIX-CONNECT:socket - </dev/null; }
expect "with an input that stays open" "$(received at_a_terminal)" "half+half, words: 0, status 0, the sender's 0"
expect "with /dev/null for input" "$(received under_cron)" "half, words: 0, status 0, the sender's 0"
expect "with /dev/null, and -u" "$(received one_direction)" "half+half, words: 0, status 0, the sender's 0"
