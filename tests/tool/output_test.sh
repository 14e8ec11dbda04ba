#!/usr/bin/env bash
# usage: output_test.sh CAROUSEL
# What the program says goes where writes fail: the work is done all the same, and the exit status tells what is lost.
. "$(dirname "$0")/lib.sh"
mkdir tree && for i in {1..200}; do echo "$i" >"tree/a name that is long enough to fill the buffer of the output soon, number $i"; done
mkdir bad && for i in {1..20}; do echo "$i" >bad/refused$i && echo "$i" >bad/file$i; done
echo content >file
lost() { [[ $status -eq 1 ]] && says "carousel: the output is lost: cannot write to stdout: $1"; }
# A pipe that nobody reads any more.
to_nobody() { # COMMAND...
  rm -f pipe && mkfifo pipe
  { : <pipe; } &
  { exec 3>pipe; wait $!; } 2>/dev/null
  "$@" >&3 2>err
  status=$?
  exec 3>&-
}
all_there() { [[ $(ls "$1" | wc -l) -eq $2 ]]; }
fresh_into() { rm -rf into && mkdir -p into/refused{1..20}; } # directories in the way of files
half_refused() { [[ $status -eq 1 ]] && all_there into 40; }

for what in --help --version "cp --help" doctor "doctor --json" "bench --help"; do
  # shellcheck disable=SC2086  # several arguments
  to_nobody "$carousel" $what
  check "$what to a reader that went away is status 1" lost 'Broken pipe'
  # shellcheck disable=SC2086
  "$carousel" $what >&- 2>err
  status=$?
  check "$what to a closed stdout is status 1" lost 'Bad file descriptor'
done
for how in "" --json -v; do
  rm -rf there
  # shellcheck disable=SC2086  # none or one
  to_nobody "$carousel" cp -r $how tree there
  check "a copy ${how:-that says how much it was} to a reader that went away is status 1" lost 'Broken pipe'
  check "and complete" same_content tree there
done
rm -rf there
"$carousel" cp -rv tree there >&- 2>err
status=$?
check "-v to a closed stdout is status 1" lost 'Bad file descriptor'
check "and the copy is complete, with nothing else in its files" same_content tree there

# What is opened first would get the number of a closed stream.
"$carousel" cp bad/file1 missing copy <&- >&- 2>&-
rm -f copy
fresh_into
"$carousel" cp -rT bad into <&- >&- 2>&-
status=$?
check "errors that nobody can hear are status 1" test $status = 1
check "and the rest is copied" all_there into 40
check "exactly" cmp <(cat bad/file*) <(cat into/file*)
fresh_into
"$carousel" cp -rT bad into >out 2>&-
status=$?
check "to a closed stderr alone too" half_refused
"$carousel" cp missing into >out 2>&-
check "a copy that cannot begin is status 1" test $? = 1
"$carousel" cp 2>&-
check "a wrong use is status 2" test $? = 2

if is_root && mount_new small -t tmpfs -o size=64k tmpfs; then
  head -c 100000 /dev/zero >small/filler 2>/dev/null
  : >small/log
  for how in "" --json -v; do
    rm -rf there
    # shellcheck disable=SC2086
    "$carousel" cp -r $how tree there >small/log 2>err
    status=$?
    check "a copy ${how:-that says how much it was} to a full disk is status 1" lost 'No space left on device'
    check "and complete" same_content tree there
  done
  "$carousel" doctor >small/log 2>err
  status=$?
  check "doctor to a full disk is status 1" lost 'No space left on device'
  "$carousel" bench --seconds 0.2 --block 4K --depth 1 --json "$carousel" >small/log 2>err
  status=$?
  check "bench too" lost 'No space left on device'
  fresh_into
  "$carousel" cp -rT bad into >out 2>small/log
  status=$?
  check "errors to a full disk do not end the copy" half_refused
  umount small
  mount_new ram -t ramfs ramfs && setfattr -n user.x -v y file 2>/dev/null && mount_new full -t tmpfs -o size=64k tmpfs &&
    head -c 100000 /dev/zero >full/filler 2>/dev/null
  if : >full/log; then
    "$carousel" cp -a file ram/file >out 2>full/log
    check "a note that is lost is status 1" test $? = 1
    check "and the file is there" cmp file ram/file
  fi
fi
finish
