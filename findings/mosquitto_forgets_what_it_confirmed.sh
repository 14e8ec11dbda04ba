#!/usr/bin/env bash
# mosquitto with persistence confirms messages of QoS 2 that are in its memory alone, for half an hour: when it is killed they are gone.
#
# One would guess: QoS 1 and 2 and retained messages are MQTT's promise that nothing is lost, and `persistence true` is how a broker keeps
# it: the acknowledgement goes out when the message is in the database.
# What happens: the database is written every autosave_interval, 1800 seconds, and at an orderly end. Until then there is no file at
# all. After the broker was killed, for want of memory for example, messages that a client had confirmed by all four packets of QoS 2
# are not delivered, and retained ones are not there. The subscriber's session is unknown, so it has to subscribe again to get what comes
# later. A publisher that was told "done" does not send again. No power cut is needed for it.
# For whom it matters: who has measurements, orders or commands go through a broker as through a queue on disk; Debian's configuration has
# persistence on.
# What follows for our users: autosave_interval says how much may be lost: seconds, or changes with autosave_on_changes. A publisher that
# cannot lose a message keeps it until somebody behind the broker has answered.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages mosquitto=2.0.11-1.2+deb12u2 mosquitto-clients=2.0.11-1.2+deb12u2 libmosquitto1=2.0.11-1.2+deb12u2 libcjson1=1.7.15-1+deb12u4 \
  libwebsockets17=4.1.6-3 libev4=1:4.33-1 libdlt2=2.18.8-6 libuv1=1.44.2-1+deb12u1
echo "version    $(mosquitto -h | head -1)"
expect "Debian's configuration" "$(grep '^persistence ' "$root/etc/mosquitto/mosquitto.conf")" "persistence true"

mkdir kept
chmod 777 kept
cat >conf <<CONF
listener 18830 127.0.0.1
allow_anonymous true
persistence true
persistence_location $folder/kept/
CONF
[[ $EUID != 0 ]] || echo "user root" >>conf
serve() {
  mosquitto -c conf >>log 2>&1 &
  disown
  broker=$!
  started=("$broker")
  until_there mosquitto_pub -p 18830 -t ready -m yes 2>>log
}
# confirmed: has a session of QoS 2 made, and a message to it and a retained one confirmed.
confirmed() {
  mosquitto_sub -p 18830 -i reader -c -q 2 -t orders -E
  mosquitto_pub -p 18830 -i writer -q 2 -t orders -m order
  mosquitto_pub -p 18830 -i writer -q 2 -r -t state -m open
}
# delivered: what reader gets of both, and the state that a new client sees.
delivered() {
  echo "order: $(mosquitto_sub -p 18830 -i reader -c -q 2 -t orders -C 1 -W "$1" || echo "timeout $?")," \
    "state: $(mosquitto_sub -p 18830 -q 2 -t state -C 1 -W "$1" || echo "timeout $?")"
}
serve
confirmed
expect "files after the confirmation" "$(ls kept)" ""
kill -KILL "$broker"
until_there test ! -e "/proc/$broker"
serve
expect "after a kill" "$(delivered 3 2>>log | sed 's/Timed out//' | paste -sd' ')" "order: timeout 27, state: timeout 27"
confirmed
kill -TERM "$broker"
until_there test ! -e "/proc/$broker"
serve
expect "after an orderly end" "$(delivered 20 2>>log | paste -sd' ')" "order: order, state: open"
