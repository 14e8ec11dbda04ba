#!/usr/bin/env bash
# usage: copy_page_cache_test.sh CAROUSEL [HELPERS]
# A large copy that has to go through the page cache leaves next to nothing there, and takes away nothing that was there before.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
is_root || skip "mounting file systems needs root"
command -v mkfs.btrfs >/dev/null || skip "no mkfs.btrfs"
truncate -s 800M image
mkfs.btrfs -q -f image >/dev/null 2>&1 || skip "no btrfs is to be had here"
mount_new btrfs -o loop image || skip "$(tail -1 mount-error)"

cached() { # FILE: bytes of it in the page cache
  fincore --noheadings --bytes --output RES "$1" | tr -d ' '
}
left() { [[ $(cached "$1") -le $((16 << 20)) ]] || { echo "$(cached "$1") bytes"; false; }; }
tells_of_cache() { # cachestat(2)
  python3 - "$1" <<'E2'
import ctypes, os, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
space = ctypes.create_string_buffer(64)
sys.exit(ctypes.CDLL(None).syscall(451, fd, space, ctypes.byref(space, 16), 0) != 0)
E2
}
drop() { sync -f "$1" && dd of="$1" oflag=nocache conv=notrunc,fdatasync count=0 status=none; }

cd btrfs || exit 1
head -c 96M /dev/urandom >large
python3 - <<'E3'
import os
with open("sparse", "wb") as f:
    for at in range(0, 1 << 30, 40 << 20):
        f.seek(at)
        f.write(os.urandom(1 << 20))
E3
mkdir packed && btrfs property set packed compression zstd
for name in large sparse; do
  for to in copy packed/copy; do
    drop $name
    check "$name: nothing is cached before" test "$(cached $name)" -eq 0
    check "$name is copied to $to" ends_with 0 --reflink=never $name $to
    check "exactly" cmp $name $to
    rm $to
    drop $name
    check "once more" ends_with 0 --reflink=never $name $to
    check "and 16 MiB at most of the copy are left in the cache" left $to
    if tells_of_cache $name; then
      check "and of the source" left $name
    else
      echo "SKIPPED: nobody tells what was cached of the source"
    fi
    rm $to
  done
done

cat large >/dev/null
most=$(($(stat -c %s large) * 9 / 10)) # the kernel itself may take some back meanwhile
check "a source is cached" test "$(cached large)" -ge $most
check "it is copied" ends_with 0 --reflink=never large copy
check "16 MiB at most of the copy are left" left copy
check "and the source, which somebody else may need" test "$(cached large)" -ge $most

# From where the cache keeps larger pieces than are transferred at a time.
cd ..
truncate -s 300M image2
mkfs.ext4 -q -F image2
if mount_new ext4 -o loop image2; then
  cp btrfs/large ext4/large
  drop ext4/large
  check "a large file is copied from ext4 in small pieces" ends_with 0 --buffer-size 20000 ext4/large btrfs/copy
  check "16 MiB at most of the copy are left" left btrfs/copy
  if tells_of_cache ext4/large; then check "and of the source" left ext4/large; fi
else
  echo "SKIPPED: no ext4 here"
fi
finish
