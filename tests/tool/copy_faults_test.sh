#!/usr/bin/env bash
# usage: copy_faults_test.sh CAROUSEL HELPERS
# Files that fail while they are read or written: what cannot be copied is said, and has no final name.
. "$(dirname "$0")/lib.sh"
is_root || skip "mounting FUSE file systems needs root"
[[ -x $helpers/fault_fs && -c /dev/fuse ]] || skip "no FUSE here"
serve() { # DIRECTORY FILE OPTION...: the file system that fails, once it has the file; what is asked of it is in DIRECTORY-out
  mkdir "$1"
  "$helpers/fault_fs" "$1" -f -s "${@:3}" >"$1-out" 2>&1 &
  mounts+=("$dir/$1")
  until_seen $! test -e "$1/$2"
}
serve f ok || skip "the FUSE file system did not come: $(cat f-out)"
python3 -c 'import sys; sys.stdout.write("".join(chr(97 + i % 23) for i in range(1 << 20)))' >expected

for name in ok short eintr_once no_size; do
  check "a file that is $name is copied" ends_with 0 f/$name $name
  check "exactly" cmp expected $name
done
check "a file whose holes are a lie is copied" ends_with 0 -a f/lies_hole lies
check "without zeros in place of data" cmp expected lies
for name in read_eio eintr; do
  check "$name is an error" ends_with 1 f/$name $name
  check "and no copy" not test -e $name
done
check "a read error names file, place and reason" ends_with 1 f/read_eio out-of-it
check "all three" says "cannot read, at byte 65536, 'f/read_eio': Input/output error"
python3 -c 'import sys; sys.stdout.write("".join(chr(97 + i % 23) for i in range((9 << 20) + 5)))' >huge
check "of a large one too" ends_with 1 f/huge_read_eio out-of-it
check "by the end that failed" says "cannot read, at byte [0-9]*, 'f/huge_read_eio': Input/output error"
check "alone" test "$(grep -c ^carousel: err)" = 1
for option in --verify -a; do
  for name in shrunk huge_shrunk; do
    check "with $option $name, which says more than reading gives, is copied" ends_with 0 $option f/$name $name
    check "as read" cmp <(head -c 300000 expected) $name
  done
  check "with $option a file that holds more than its size says is copied" ends_with 0 $option f/grown grown
  check "to its end" cmp expected grown
  check "a large one" ends_with 0 $option f/huge_grown huge_grown
  check "too" cmp huge huge_grown
done
check "one bad file does not stop the others" ends_with 1 f/read_eio f/ok f/short .
check "they are whole" cmp expected short

for bytes in 5000 300000 1048576; do
  head -c $bytes expected >source
  check "$bytes bytes are written in short pieces" ends_with 0 source f/write_short
  check "all of them" cmp source f/write_short
  for name in write_eio close_eio rename_eio; do
    check "$name with $bytes bytes is an error" ends_with 1 -p source f/$name
    check "and no copy" not test -e f/$name
    check "nothing temporary either" test -z "$(ls -A f | grep carousel)"
  done
  for name in write_eio close_eio rename_eio sync_eio; do
    check "$name with $bytes bytes" ends_with 1 --sync source f/$name
    check "blames the target alone" not grep -qv "^carousel: cannot [a-z, 0-9]* 'f/$name': Input/output error" err
  done
  check "times that cannot be kept are an error" ends_with 1 -p source f/times_eio
  check "that says so" says "cannot keep the times of 'f/times_eio': Input/output error"
  check "of a copy that is there" cmp source f/times_eio
  check "sync_eio with --sync is an error" ends_with 1 --sync source f/sync_eio
  check "and no copy" not test -e f/sync_eio
  check "--verify sees that storage lies" ends_with 1 --verify source f/corrupts
  check "and no copy is left" not test -e f/corrupts
done
check "a large file whose target fails" ends_with 1 huge f/write_eio
check "blames the target alone" not grep -qv "^carousel: cannot write, at byte [0-9]*, 'f/write_eio': Input/output error" err
head -c 300000 expected >source
echo old >f/rename_keeps
check "a file system that keeps what was to be replaced" ends_with 1 --verify --manifest=sums --json source f/rename_keeps
check "is found out by --verify" says "'f/rename_keeps' is not its source when it is read by its name"
check "whose copy does not count" test "$(json out 'o["files"], o["bytes"], o["status"]')" = "(0, 0, 1)"
check "nor has a line in the manifest" test ! -s sums
check "what had the name stays under it" grep -qx old f/rename_keeps
check "a backup moves it away first" ends_with 0 --verify -b source f/rename_keeps
check "so that the copy is there" cmp source f/rename_keeps
check "and a name that was free is the copy" ends_with 0 --verify source f/rename_keeps_nothing
check "in any case" cmp source f/rename_keeps_nothing
check "a copy that may not be read by its name" ends_with 0 --verify source f/secret
check "is one, and that is noted" says "some copies were not read again by their names"
check "a source that is written to when its copy gets the name" ends_with 1 --verify source f/late
check "is what is blamed" says "'source' changed while it was copied"
echo old >f/never_lands
check "where there are no hard links, what was moved to its backup" ends_with 1 -b source f/never_lands
check "gets its name back when the copy does not get it" grep -qx old f/never_lands
check "and has that alone" not test -e f/never_lands~
name=short_name$(printf 'n%.0s' {1..133})
check "a name as long as 143 bytes is copied to where no longer one can be" ends_with 0 -T f/ok "f/$name"
check "whole" cmp expected "f/$name"
check "but not that of a backup" ends_with 1 -bT source "f/$name"
check "which is said" says "'f/$name' cannot have a backup: '$name~' is longer than a name may be there"
check "and what is there stays" cmp expected "f/$name"
head -c 200000 expected >source
check "a full store is an error" ends_with 1 source f/write_enospc
check "that names target, place and reason" \
  says "cannot write, at byte 0, 'f/write_enospc': No space left on device"
for name in reserve_eio reserve_eperm; do
  check "$name does not keep a file from being written" ends_with 0 huge f/$name
  check "whole" cmp huge f/$name
done
for name in reserve_enospc reserve_efbig; do
  check "$name does" ends_with 1 huge f/$name
  check "and leaves nothing" not test -e f/$name
done
serve pooled ok -o subtype=mergerfs
check "but on mergerfs, which has other disks for what is written," ends_with 0 huge pooled/reserve_enospc
check "it does not" cmp huge pooled/reserve_enospc
check "where a file is too large it does" ends_with 1 huge pooled/reserve_efbig
echo old >f/old_close_eio
check "what exists survives a copy that fails" ends_with 1 source f/old_close_eio
check "whole" grep -qx old f/old_close_eio
check "-n works where no rename has such a flag" ends_with 0 -n source f/new
check "and copies" cmp source f/new

is_done_by() { # FACT CALLS ARGUMENT...
  local lines
  lines=$(wc -l <f-out)
  check "$1" ends_with 0 "${@:3}"
  check "and by these calls: $2" test "$(tail -n +$((lines + 1)) f-out | tr '\n' ,)" = "$2"
}
is_done_by "with --sync a copy is made durable before its name, and then the name is" "sync file,rename,sync directory," --sync source f/durable
is_done_by "as with --sync=full" "sync file,rename,sync directory," --sync=full source f/durable
is_done_by "with --sync=data its content is, and the system writes the name" "sync data,rename," --sync=data source f/durable
is_done_by "without it nothing is" "rename," source f/durable
is_done_by "as with --sync=none" "rename," --sync --sync=none source f/durable
check "sync_eio with --sync=data is an error" ends_with 1 --sync=data source f/sync_eio
check "and no copy" not test -e f/sync_eio

mkdir t
serve twins ok
check "a server that gives two files one inode is there" test "$(stat -c %i twins/twin_one)" = "$(stat -c %i twins/twin_two)"
check "files with one inode are copied with -a" ends_with 0 -a twins/twin_one twins/twin_two twins/twin_same t
check "each with its content" test "$(head -c 3 t/twin_one) $(head -c 3 t/twin_two)" = "abc 222"
check "and names of one file become hard links" test t/twin_one -ef t/twin_same
umount -l twins

# Somebody adds to a file as fast as it is read.
serve g endless -o attr_timeout=0
check "a copy of a file that grows has an end" ends_with 1 g/endless grown
check "with --manifest too" ends_with 1 --manifest=sums g/endless f/ok .
check "and is said to be neither" says "'g/endless' changed while it was copied"
check "so that the manifest has no line for it" test "$(cat sums)" = "$(sha256sum ./ok)"
check "nor where it is kept" ends_with 1 -n --manifest=sums expected g/endless
check "which is said" says "'g/endless' changed while it was read for the manifest"
check "and nothing false is listed" test ! -s sums
check "with --verify" ends_with 1 --verify g/endless verified
check "it is another file" says "'g/endless' is not what its copy is"
echo "$(sha256sum <expected | cut -c1-64)  g/endless" >sums
run "$carousel" check sums
check "check reads no more than there was" test $status = 1
check "and says what it is not" says "'g/endless' is not what the manifest says"
umount -l g

# A shell has its background jobs ignore SIGINT.
env --default-signal=INT "$carousel" cp f/hangs hung 2>err &
pid=$!
has_open() { [[ $(ls -l "/proc/$pid/fd" 2>/dev/null) == *f/hangs* ]]; }
until_seen $pid has_open # and reads
kill -INT $pid
wait $pid
check "an interruption ends a copy whose source hangs" test $? = 130
check "and leaves nothing" not test -e hung
umount -l f
check "no temporary file is left" no_leftovers
finish
