#!/usr/bin/env bash
# usage: copy_progress_test.sh CAROUSEL
# Progress is for terminals.
. "$(dirname "$0")/lib.sh"
mkdir tree && for i in {1..12}; do head -c 12000000 /dev/zero >tree/$i; done
on_terminal() { # COLUMNS COMMAND: its terminal is a pseudo terminal, whose output is in ./seen
  timeout 60 script -qec "stty cols $1; $2" seen >/dev/null </dev/null
}
command -v script >/dev/null && on_terminal 80 true || skip "no pseudo terminals here"

check "a copy on a terminal" on_terminal 80 "$carousel cp -r --sync tree slow"
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
mkdir into
check "an error on a terminal" not on_terminal 80 "$carousel cp -r --sync tree missing into"
check "takes the progress away first" grep -qaE $'(^|\x1b\\[K)carousel: cannot read .missing.: ' seen
finish
