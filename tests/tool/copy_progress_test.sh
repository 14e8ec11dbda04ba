#!/usr/bin/env bash
# usage: copy_progress_test.sh CAROUSEL
# Progress is for terminals.
. "$(dirname "$0")/lib.sh"
mkdir tree && for i in {1..12}; do head -c 12000000 /dev/zero >tree/$i; done
on_terminal() { # COLUMNS COMMAND: its terminal is a pseudo terminal, whose output is in ./seen
  timeout $hang_seconds script -qec "stty cols $1; $2" seen >/dev/null </dev/null
}
command -v script >/dev/null && on_terminal 80 true || skip "no pseudo terminals here"

check "a copy on a terminal" on_terminal 80 "$carousel cp -r --sync --bwlimit=150M tree slow"
check "shows what is done of what there is" grep -qE 'of 137 MiB' seen
check "and how many files" grep -qE 'of 12 files' seen
check "no line is longer than the terminal" \
  test -z "$(tr '\r' '\n' <seen | sed 's/\x1b\[K//' | grep -E 'MiB/s' | grep -E '.{81}')"
check "it takes its line away" grep -q $'\r\x1b\[K' seen
check "a copy on a narrow terminal" on_terminal 20 "$carousel cp -r --sync tree narrow"
check "has short lines" test -z "$(tr '\r' '\n' <seen | sed 's/\x1b\[K//' | grep -E '^ *[0-9?]+ %' | grep -E '.{21}')"
check "--quiet shows none" on_terminal 80 "$carousel cp -r --quiet --sync tree quiet"
check "at all" not grep -q $'\x1b' seen
check "a copy whose errors go to a file" ends_with 0 -r --sync tree file
check "writes no progress there" test ! -s err
check "--progress does" ends_with 0 -r --progress tree elsewhere
check "line by line, the last of which says that all is done" grep -qE '^carousel: .*137 MiB of 137.* 12 of 12.* files$' <(tail -1 err)
check "without what is for terminals" not grep -q $'\r\|\x1b' err
check "and nothing else" not grep -qv ^carousel: err
if [[ -c /dev/full ]]; then
  "$carousel" cp -r --progress tree full >out 2>/dev/full
  check "progress that is lost is an error" test $? = 1
  check "of a copy that is whole" same_content tree full
fi
check "--progress excludes --quiet" ends_with 2 -r --progress --quiet tree quiet2
check "--stats" ends_with 0 -r --stats tree stats
check "tells speed, processor and memory" test "$(grep -cE '^(content|speed|processor|memory): [0-9]' out)" = 4
check "in JSON too" ends_with 0 -rT --stats --json tree stats
check "as numbers" test "$(json out 'o["statistics"]["sizes"], o["statistics"]["memory_bytes"] > 0')" = "(144000000, True)"
head -c 400000 /dev/urandom >paced && head -c 9000000 /dev/urandom >large
begun=$(date +%s%N)
check "--bwlimit lets no more bytes pass" ends_with 0 --bwlimit=500K paced paced.copy
check "in a second" test $(($(date +%s%N) - begun)) -ge 780000000
check "all of them" cmp paced paced.copy
"$carousel" cp --bwlimit=1 large large.copy >out 2>err &
pid=$!
has_open() { [[ $(ls -l "/proc/$pid/fd" 2>/dev/null) == */large* ]]; }
until_seen $pid has_open # and waits for its turn, the first second of many
kill -TERM $pid
wait $pid
check "what waits for its turn can be interrupted" test $? = 143 -a ! -e large.copy
check "no bytes are no rate" ends_with 2 --bwlimit=0 paced paced.copy
mkdir into
check "an error on a terminal" not on_terminal 80 "$carousel cp -r --sync tree missing into"
check "takes the progress away first" grep -qaE $'(^|\x1b\\[K)carousel: cannot read .missing.: ' seen
finish
