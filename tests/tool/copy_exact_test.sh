#!/usr/bin/env bash
# usage: copy_exact_test.sh CAROUSEL
# `carousel cp` makes exact copies, with any number of buffers.
. "$(dirname "$0")/lib.sh"

mkdir -p s/d/e 's/with space'
: >s/empty
head -c 5000001 /dev/urandom >s/d/big
for bytes in 1 4095 4096 4097 65535 65536 65537 262143 262144 262145 700000; do
  head -c $bytes /dev/urandom >"s/d/$bytes"
done
for i in {1..60}; do echo "$i" >"s/with space/$i"; done
ln -s nowhere s/link
ln -s "$(printf 'x%.0s' {1..4000})" s/long-link
ln s/d/big s/hard
ln s/d/big s/d/e/hard
echo x >s/$'new\nline'
echo y >"s/$(printf 'n%.0s' {1..255})"
echo z >s/$'not-utf8-\xff'
chmod 0 s/d/1
is_root || chmod 400 s/d/1
chmod 4751 s/d/4095
touch -d '2001-02-03 04:05:06.789' s/d/4096 s/with\ space
chmod 555 s/d/e

for buffers in 32 2 1; do
  check "a tree is copied with $buffers buffers" ends_with 0 -a --buffers $buffers s "o$buffers"
  check "diff finds no difference" same_content s "o$buffers"
  check "rsync finds no difference" same_tree s "o$buffers"
done
check "the names of a file are names of its copy" test "o32/hard" -ef "o32/d/e/hard"
check "nothing of the original is in the copy" not test s/hard -ef o32/hard
chmod u+w o2/d/e
check "a copy into an existing copy replaces its files" ends_with 0 -a s/. o2
check "and is exact" same_tree s o2
check "a tree without attributes is copied" ends_with 0 -r s plain
check "its content is the same" same_content s plain
check "content with a small buffer is the same" ends_with 0 -r --buffer-size 4096 s tiny
check "by diff" same_content s tiny

mkdir large
head -c 30000001 /dev/urandom >large/unaligned
head -c 16777216 /dev/urandom >large/aligned
truncate -s 100G large/sparse
printf data | dd of=large/sparse bs=1 seek=5000000000 conv=notrunc status=none
printf tail | dd of=large/sparse bs=1 seek=107374182396 conv=notrunc status=none
truncate -s 3000 large/short-hole
truncate -s 1M large/hole
printf x >>large/hole
for buffers in 32 2 1; do
  check "large files are copied with $buffers buffers" ends_with 0 -a --buffers $buffers large "large$buffers"
  for name in unaligned aligned short-hole hole; do
    check "$name is exact" cmp large/$name "large$buffers/$name"
  done
  check "a sparse file has its size" test "$(stat -c %s "large$buffers/sparse")" = 107374182400
  check "data inside it is exact" \
    grep -q data <(dd if="large$buffers/sparse" bs=1 skip=5000000000 count=4 status=none)
  check "data at its end is exact" grep -q tail <(tail -c 4 "large$buffers/sparse")
  check "it is as sparse as the original" \
    test "$(du -k "large$buffers/sparse" | cut -f1)" -le "$(du -k large/sparse | cut -f1)"
  check "so is one of a single block" test "$(stat -c %b "large$buffers/short-hole")" -le "$(stat -c %b large/short-hole)"
done
for bytes in 4096 4097 5000 999424 1048575; do
  check "a large file is copied with buffers of $bytes bytes" ends_with 0 --buffer-size $bytes large/unaligned odd
  check "exactly" cmp large/unaligned odd
done
for bytes in 0 1 4095 1073741825 99999999999999999999 -1 '' 64Q; do
  check "buffers of '$bytes' bytes are refused" ends_with 2 --buffer-size "$bytes" large/unaligned refused
  check "in a sentence" says "buffer-size"
done
check "copies are verified" ends_with 0 --verify large/unaligned large/hole s/d/big s/empty o32
check "a file whose size is not told is copied" ends_with 0 /proc/version version
check "with its bytes" diff -q <(cat /proc/version) version
check "a file of sysfs is shorter than it says, and copied" ends_with 0 /sys/kernel/mm/transparent_hugepage/enabled mode
check "with its bytes only" diff -q <(cat /sys/kernel/mm/transparent_hugepage/enabled) mode
head -c 60000000 /dev/urandom >growing
while :; do echo more >>growing; done &
writer=$!
until [[ $(stat -c %s growing) -gt 60000000 ]]; do sleep 0.01; done
# Slowly enough for the other one to come to it.
check "a file that grows while it is copied is reported" ends_with 1 --bwlimit=20M growing grown
kill $writer
wait $writer 2>/dev/null
check "by name" says "'growing' changed while it was copied"
check "the copy is the beginning of it" cmp -n "$(stat -c %s grown)" growing grown
head -c 1500000 /dev/urandom >patched && sync patched
# shellcheck disable=SC2317  # called by check
copy_begins() { # PID
  local fd here
  here=$(realpath .)
  for fd in "/proc/$1/fd"/*; do
    case $(readlink "$fd") in
      "$here"/*'(deleted)' | "$here"/*.carousel-*) [[ $(stat -Lc %s "$fd") -eq 0 ]] || return 0 ;;
    esac
  done 2>/dev/null
  return 1
}
# shellcheck disable=SC2317
copied_with() { # STATUS COMMAND..., which is run when the beginning of the file was copied
  touch -d @1000000000 patched
  "$carousel" cp --bwlimit=400K --reflink=never patched patched-copy >out 2>err &
  local pid=$!
  until copy_begins $pid; do
    kill -0 $pid 2>/dev/null || return 1
    sleep 0.01
  done
  "${@:2}"
  wait $pid
  status=$?
  [[ $status -eq $1 ]] || { cat err; false; }
}
# shellcheck disable=SC2317
patch() { printf 'written meanwhile' | dd conv=notrunc of=patched status=none && touch -d @1000000000 patched; }
check "what is written to a file while it is copied" copied_with 1 patch
check "is seen where the time is put back" says "'patched' changed while it was copied"
check "a name that it gets meanwhile changes nothing" copied_with 0 ln patched patched-too
check "nor do other permissions" copied_with 0 chmod 600 patched
check "no temporary file is left" no_leftovers
finish
