#!/usr/bin/env bash
# usage: copy_killed_test.sh CAROUSEL
# A copy that is killed at any time leaves each file as it was or as it was to be.
. "$(dirname "$0")/lib.sh"
mkdir old new
for i in {1..20}; do
  head -c 60000 /dev/zero | tr '\0' "o" >old/$i
  head -c 60000 /dev/zero | tr '\0' "n" >new/$i
done
head -c 9000000 /dev/zero | tr '\0' o >old/large
head -c 9000000 /dev/zero | tr '\0' n >new/large
sums=$(md5sum old/1 new/1 old/large new/large | cut -c1-32 | sort)
all_whole() {
  local found
  found=$(md5sum target/* | cut -c1-32 | sort -u)
  [[ -z $(comm -23 <(echo "$found") <(echo "$sums" | sort -u)) ]] && [[ $(ls target | wc -l) -eq 21 ]]
}
is_new() { diff -r new target; }
are_new() { [[ $(head -qc 1 target/* | tr -cd n | wc -c) -ge $1 ]]; } # at least COUNT
mkdir target && cp old/* target
broken=0 killed=0
for ((i = 0; i < 30; ++i)); do
  cp old/* target
  if [[ $i -lt 20 ]]; then
    "$carousel" cp new/* target >/dev/null 2>&1 &
    pid=$!
    sleep "0.0$((i % 10))$((RANDOM % 10))"
  else
    # However quick or slow the machine is, these are on the way.
    "$carousel" cp --bwlimit=3M new/* target >/dev/null 2>&1 &
    pid=$!
    until_seen $pid are_new $((2 * (i - 19)))
  fi
  kill -9 $pid 2>/dev/null
  wait $pid
  [[ $? -eq 137 ]] && killed=$((killed + 1))
  all_whole || broken=$((broken + 1))
done 2>/dev/null
check "30 copies were killed at different times, $killed of them on the way" test $killed -gt 0
check "each file was old or new, and whole" test $broken = 0
check "what they left, if anything, can be told by its name" \
  test -z "$(find target -mindepth 1 ! -name '.*.carousel-*' ! -regex 'target/[0-9a-z]+')"
rm -f target/.*.carousel-*
check "the next copy makes all of it new" ends_with 0 new/* target
check "exactly" is_new

# The copy is interrupted when it has begun.
has_begun() { [[ -n $(ls "$1" 2>/dev/null) ]]; } # TARGET
mkdir big && for i in {1..40}; do cp new/large big/$i; done
for signal in HUP INT TERM; do
  rm -rf out-$signal
  # A shell has its background jobs ignore SIGINT.
  env --default-signal=$signal "$carousel" cp --sync --bwlimit=20M -r big out-$signal >/dev/null 2>err &
  pid=$!
  until_seen $pid has_begun out-$signal
  kill -$signal $pid
  wait $pid
  check "SIG$signal ends a copy with its status" test $? = $((128 + $(kill -l $signal)))
  check "what is there is whole" test -z "$(for f in out-$signal/*; do cmp "$f" new/large; done 2>&1)"
  check "some of it is not there" test "$(ls out-$signal | wc -l)" -lt 40
  check "no temporary file is left" no_leftovers

  env --ignore-signal=$signal "$carousel" cp --sync -r big kept-$signal >/dev/null 2>err &
  pid=$!
  until_seen $pid has_begun kept-$signal
  kill -$signal $pid 2>/dev/null
  wait $pid
  check "a copy that was started with SIG$signal ignored goes on" test $? = 0
  check "and is complete" same_content big kept-$signal
  rm -rf out-$signal kept-$signal
done

# Where files have temporary names while they are copied.
fs=$helpers/fault_fs
if [[ -x $fs ]] && mkdir mnt && "$fs" mnt >log 2>&1 && mountpoint -q mnt; then
  mounts+=("$dir/mnt")
  has_part() { ls -A mnt | grep -q '\.carousel-'; }
  for signal in HUP INT TERM; do
    # Reading takes seconds, in which the copy has a temporary name.
    env --default-signal=$signal "$carousel" cp mnt/hangs "mnt/new_$signal" >out 2>err &
    pid=$!
    until_seen $pid has_part
    kill -$signal $pid
    wait $pid
    check "SIG$signal ends a copy whose source hangs" test $? = $((128 + $(kill -l $signal)))
    check "and takes the temporary name away" test -z "$(ls -A mnt | grep '\.carousel-')"
  done
else
  echo "SKIPPED: no FUSE here"
fi
finish
