#!/usr/bin/env bash
# A GRIB message whose first byte is wrong is not there: grib_count, grib_ls and grib_copy give the rest, and exit with 0.
#
# One would guess: GRIB is the archive form of weather services, each message begins with its own length and ends with a mark. What
# lies between two messages and is neither is an error, as a message is whose end mark is wrong, or that was cut: "unreadable message".
# What happens: readers search for the letters GRIB and skip what comes before, because bulletins have headers of other kinds between
# messages. A gap in the file, zeros over the start of one or more messages, is such a header. Nothing is printed. A field or a time
# step is missing from lists, counts and copies; the file has its full length.
# For whom it matters: long series in GRIB that were copied over holes or bad sectors: a mean over 30 days is one over 29, `grib_copy`
# makes a valid series with a step less, and `grib_count` as a test of a transfer has only the number that one must know beforehand.
# What follows for our users: keep checksums of files, or the number of messages, from the time of their making. The lengths in the
# headers must add up to the size of the file where nothing else is between: `grib_get -p totalLength`. Compare after a copy.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages libeccodes-tools=2.28.0-1 libeccodes0=2.28.0-1 libeccodes-data=2.28.0-1 libaec0=1.0.6-1+b1
tables=$root/usr/share/eccodes
export ECCODES_DEFINITION_PATH=$tables/definitions
echo "version    ecCodes $(codes_info -v)"

for step in 1 2 3 4 5; do grib_set -s step=$step "$tables/samples/GRIB2.tmpl" "message$step"; done
cat message? >series
length=$(stat --format %s message1)
expect "messages, and whether their lengths are that of the file" \
  "$(grib_count series) $(($(grib_get -p totalLength series | paste -sd+) == $(stat --format %s series)))" "5 1"

# damaged NAME BYTES: the series with so many zeros from where the third message begins.
damaged() {
  cp series "$1"
  dd if=/dev/zero of="$1" bs=1 seek=$((2 * length)) count="$2" conv=notrunc status=none
}
damaged letter 1
damaged gap $((length + 10))
head -c -1 series >"cut"
# tools FILE: what the tools count in the file, the steps in the copy, and the exit statuses.
tools() {
  local count=0 list=0 copy=0 seen
  seen=$(grib_count "$1" 2>words) || count=$?
  grib_ls "$1" >/dev/null 2>>words || list=$?
  grib_copy "$1" copied 2>>words || copy=$?
  grep -q '[[:alnum:]]' words && seen+=", words"
  echo "$seen, steps $(grib_get -p step copied | paste -sd' '), status $count $list $copy"
}
expect "a letter is wrong" "$(tools letter)" "4, steps 1 2 4 5, status 0 0 0"
expect "two of the messages begin in a gap" "$(tools gap)" "3, steps 1 2 5, status 0 0 0"
expect "the last byte is missing, exit statuses" "$(tools "cut" | grep -o 'status.*')" "status 211 211 211"
expect "the lengths now, and that of the file" "$(($(grib_get -p totalLength letter | paste -sd+) < $(stat --format %s letter)))" 1
