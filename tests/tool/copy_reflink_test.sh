#!/usr/bin/env bash
# usage: copy_reflink_test.sh CAROUSEL HELPERS
# Storage is shared where it can be, copied where it cannot, and which of both was done is said.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
way() { json out 'sorted(c["way"] for c in o["contents"])'; }
room() { df --output=avail -B1 "$1" | tail -1; } # in bytes
why() { json out '[c["no_reflink"] for c in o["contents"]]'; }

head -c 9000000 /dev/urandom >plain
: >empty
check "a WHEN that is none is refused" ends_with 2 --reflink=perhaps plain copy
check "in a sentence" says "'perhaps' is not auto, always or never"
check "what has no content has nothing to share" ends_with 0 --json empty copy
check "and says so" test "$(why)" = "['there is nothing to share']"
check "a file of /proc is read" ends_with 0 /proc/version version
check "whatever its size says" diff -q <(cat /proc/version) version

if [[ -x $helpers/refuse_calls ]] && "$helpers/refuse_calls" EPERM ioctl true; then
  for error in EOPNOTSUPP EXDEV EINVAL ETXTBSY EPERM ENOSPC ENOSYS ENOTTY EINTR EDQUOT; do
    run "$helpers/refuse_calls" $error ioctl "$carousel" cp --json plain copy
    check "where sharing says $error the file is copied" test $status = 0
    check "exactly" cmp plain copy
    check "around the page cache if that is possible" test "$(way)" != "['reflink']"
    check "which has a reason" test "$(why)" != "['']"
    run "$helpers/refuse_calls" $error ioctl "$carousel" cp --reflink plain always
    check "always is an error" test $status = 1
    check "in a sentence" says "'plain' cannot share its storage with 'always': .*; --reflink=auto copies what cannot be shared"
    check "and nothing is there" not test -e always
  done
  run "$helpers/refuse_calls" EIO ioctl "$carousel" cp plain broken
  check "a broken device is no reason to read it again" test $status = 1
  check "but an error" says "cannot share its storage with 'broken': Input/output error"
  check "and nothing is there" not test -e broken
else
  echo "SKIPPED: no seccomp here"
fi

is_root || finish
if mount_new other -t tmpfs tmpfs; then
  check "between file systems" ends_with 0 --json plain other
  check "nothing can be shared" test "$(why)" = "['the file systems differ']"
  check "always is an error" ends_with 1 --reflink=always plain other/always
  check "and nothing is there" test "$(ls other)" = plain
fi

mkdir images && mount_new images -t tmpfs tmpfs # where nobody waits for a disk
used() { sync -f "$1" && df --output=used -B1 "$1" | tail -1; }
# FACT FILE ARGUMENT...: less than 1 MiB is used for it.
costs_nothing() {
  local fact=$1 at=$2 before
  shift 2
  before=$(used "$at")
  check "$fact" ends_with 0 "$@"
  check "costs nothing" test $(($(used "$at") - before)) -lt 1048576
}
shares() { # NAME MKFS...
  local name=$1
  shift
  command -v "$1" >/dev/null || { echo "SKIPPED: $name: there is no $1" && return; }
  truncate -s 320M "images/$name" && "$@" "images/$name" >mkfs-out 2>&1 && mount_new "$name" -o loop "images/$name" ||
    { echo "SKIPPED: $name: cannot be mounted" && return; }
  echo "# $name"
  head -c 20000000 /dev/urandom >"$name/large"
  truncate -s 1G "$name/sparse" && printf x | dd of="$name/sparse" bs=1 seek=500000000 conv=notrunc status=none
  cp "$name/large" "$name/changed"
  mkdir "$name/tree" && for i in {1..50}; do echo "$i" >"$name/tree/$i"; done
  ln "$name/tree/1" "$name/tree/hard" && setfattr -n user.mark -v x "$name/tree/2" && chmod 4751 "$name/tree/3"
  costs_nothing "a copy" "$name" --json "$name/large" "$name/copy"
  check "shares storage" test "$(way)" = "['reflink']"
  check "and is the file" cmp "$name/large" "$name/copy"
  costs_nothing "many" "$name" --reflink "$name/large" "$name/copy2"
  costs_nothing "a durable one" "$name" --sync "$name/large" "$name/copy3"
  costs_nothing "a verified one" "$name" --verify "$name/large" "$name/copy4"
  costs_nothing "one of a file with holes" "$name" --reflink=always "$name/sparse" "$name/sparse2"
  check "has them" test "$(stat -c %b "$name/sparse2")" -le "$(stat -c %b "$name/sparse")"
  check "and is the file" cmp "$name/sparse" "$name/sparse2"
  check "-v says which way it was" ends_with 0 -v "$name/large" "$name/copy"
  check "in a word" grep -qx "'$name/large' -> '$name/copy': reflink" out
  check "and for all of them" grep -q "^1 of the files, 20000000 bytes: reflink$" out
  printf changed | dd of="$name/changed" conv=notrunc status=none
  check "what is written to a copy" ends_with 0 "$name/changed" "$name/changed2"
  printf again | dd of="$name/changed2" conv=notrunc status=none
  check "is not in the original" test "$(head -c 7 "$name/changed")" = changed
  check "a tree is shared" ends_with 0 -a --reflink=always "$name/tree" "$name/tree2"
  check "with all its attributes" same_tree "$name/tree" "$name/tree2"
  echo old >"$name/kept" && chmod 640 "$name/kept"
  check "a file that is replaced" ends_with 0 --json "$name/large" "$name/kept"
  check "shares too" test "$(way)" = "['reflink']"
  check "and keeps its mode" test "$(stat -c %a "$name/kept")" = 640
  sync -f "$name"
  room_before=$(room "$name")
  check "never means never" ends_with 0 --json --reflink=never "$name/large" "$name/own"
  check "as it says" test "$(why)" = "['--reflink=never']"
  rm -f "$name/own" && : >"$name/mounted" && mount --bind "$name/mounted" "$name/mounted" && {
    check "a file that is written in place" ends_with 0 --json "$name/large" "$name/mounted"
    check "shares as well" test "$(way)" = "['reflink']"
    umount "$name/mounted"
  }
  # What was removed is room when the kernel has closed the ring that had it open, and the disk knows.
  rm -f "$name/mounted"
  for ((tries = 0; tries < 300 && $(room "$name") < room_before - 2000000; ++tries)); do
    sleep 0.1
    sync -f "$name"
  done
  for ((n = 0; n < 1000; ++n)); do fallocate -l 8M "$name/filler$n" 2>/dev/null || break; done
  costs_nothing "where there is no room for a copy there is for one that shares," "$name" --reflink "$name/large" "$name/full"
  check "which a copy of its own has not" ends_with 1 --reflink=never "$name/large" "$name/full2"
  check "and nothing is there" not test -e "$name/full2"
  rm -f "$name"/filler*
}
shares xfs mkfs.xfs -q -f -m reflink=1
shares xfs-1k mkfs.xfs -q -f -b size=1024
shares btrfs mkfs.btrfs -q -f
if mountpoint -q btrfs; then
  mkdir btrfs/in-place btrfs/packed && chattr +C btrfs/in-place && chattr +c btrfs/packed
  check "a target without copy on write refuses to share" ends_with 0 --json btrfs/large btrfs/in-place
  check "which is said" test "$(why)" = "['the file system refuses it for these two files']"
  check "and the file is copied" cmp btrfs/large btrfs/in-place/large
  check "always is an error" ends_with 1 --reflink=always btrfs/large btrfs/in-place/always
  check "and nothing is there" test "$(ls btrfs/in-place)" = large
  yes | head -c 20000000 >btrfs/packed/text
  costs_nothing "what is compressed" btrfs --json btrfs/packed/text btrfs/text
  check "stays so" test "$(way)" = "['reflink']"
  check "and is the file" cmp btrfs/packed/text btrfs/text
  btrfs -q subvolume create btrfs/volume >/dev/null 2>&1 || btrfs subvolume create btrfs/volume >/dev/null
  costs_nothing "another subvolume" btrfs --reflink=always btrfs/large btrfs/volume
fi
if truncate -s 300M images/no && mkfs.xfs -q -f -m reflink=0 images/no >mkfs-out 2>&1 && mount_new no -o loop images/no; then
  cp plain no/plain
  check "an XFS without reflinks copies" ends_with 0 --json no/plain no/copy
  check "and says why" test "$(why)" = "['the file system has none']"
  check "a loop device is no file to share" ends_with 1 --reflink "$(findmnt -no SOURCE no)" no/device
fi
check "no temporary file is left" no_leftovers
finish
