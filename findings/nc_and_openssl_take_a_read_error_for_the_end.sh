#!/usr/bin/env bash
# nc sends a disk up to its first unreadable block, ends the connection in order and exits with 0; `openssl enc` encrypts as much.
#
# One would guess: `nc host port <disk` on a disk that cannot be read fails, as socat does, and `openssl enc`, which prints
# the error, fails too. With pipefail set, a script learns of it.
# What happens: both of Debian's nc (openbsd and traditional) and BusyBox's take the failed read for the end of the input: not a word,
# status 0. The receiver sees a regular end of the connection and exits with 0 as well. openssl enc prints two lines of its error
# stack, writes the last padded block, so that what comes out decrypts without complaint, and exits with 0.
# For whom it matters: who clones or backs up disks over the network by nc, the usual line for it, or encrypts backups by openssl. It is
# the disk with a bad block that gets copied in a hurry, and erased or returned afterwards.
# What follows for our users: read by dd or cat and look at the status of each part of the pipe (pipefail), or send by socat. Compare the
# size of what arrived with the device's before it goes.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages netcat-openbsd=1.219-1 netcat-traditional=1.10-47 busybox=1:1.35.0-4+deb12u1+b1 libbsd0=0.11.7-2 openssl=3.0.22-1~deb12u2 \
  libssl3=3.0.22-1~deb12u2 socat=1.7.4.4-2 libwrap0=7.6.q-32 nbdkit=1.32.5-1 libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 libfuse3-3=3.14.0-4
echo "version    nc 1.219 (openbsd), nc 1.10 (traditional), $(openssl version)"

half_unreadable disk
port=19021
# sent COMMAND...: how sending the disk to a port of this machine ends on both sides. The port is added to the command.
sent() {
  port=$((port + 1))
  nc.openbsd -l 127.0.0.1 "$port" >received </dev/null &
  local receiver=$! status
  until_there eval '[[ -n $(ss -Htln "sport = :$port") ]]'
  "$@" "$port" <shown/disk 2>words >&2 && status=0 || status=$?
  wait "$receiver" && receiver=0 || receiver=$?
  outcome="sender $status, words $(wc -l <words), receiver $receiver, received: $(cmp -s received half && echo half || echo other)"
}
silent="sender 0, words 0, receiver 0, received: half"
sent nc.openbsd -N 127.0.0.1
expect "nc of OpenBSD" "$outcome" "$silent"
sent nc.traditional -q 0 127.0.0.1
expect "the traditional nc" "$outcome" "$silent"
sent busybox nc 127.0.0.1
expect "BusyBox nc" "$outcome" "$silent"
sent_by_socat() { socat -u - "TCP:127.0.0.1:$1"; }
sent sent_by_socat
expect "for comparison, socat" "$outcome" "sender 1, words 1, receiver 0, received: half"

key=(-K 00112233445566778899aabbccddeeff -iv 00112233445566778899aabbccddeeff)
openssl enc -aes-128-ctr "${key[@]}" -in shown/disk -out secret 2>words && status=0 || status=$?
expect "openssl enc" "status $status, words $(wc -l <words)" "status 0, words 2"
expect "what it decrypts to" "$(openssl enc -d -aes-128-ctr "${key[@]}" -in secret | cmp - half && echo half)" half
openssl enc -aes-128-cbc "${key[@]}" -in shown/disk -out secret 2>words && status=0 || status=$?
openssl enc -d -aes-128-cbc "${key[@]}" -in secret -out plain && unpacked=0 || unpacked=$?
expect "with blocks and padding" "$status, decrypted $unpacked, $(cmp plain half && echo half)" "0, decrypted 0, half"
umount shown
