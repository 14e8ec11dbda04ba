#!/usr/bin/env bash
# usage: copy_power_loss_test.sh CAROUSEL
# What --sync promises, seen by a loss of power: the image behind a mounted file system is copied at that moment, and what can be
# mounted of it has what had reached the device, and nothing of the page cache.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
is_root || skip "mounting images needs root"
mkdir ram && mount_new ram -t tmpfs -o size=1500M tmpfs || skip "no tmpfs here"
mkdir -p ram/tree/sub && cd ram || exit 1
for ((i = 0; i < 40; ++i)); do head -c $((i * 700)) /dev/urandom >tree/sub/$i; done
head -c 12000000 /dev/urandom >tree/large
ln tree/large tree/again && ln -s large tree/link && echo old >old

# lose_power FILE_SYSTEM [fsync]: `lost` has what is left. With fsync the names in the directory are durable, and nothing else is
# asked for.
lose_power() {
  [[ -z ${2:-} ]] || python3 -c 'import os; [os.fsync(os.open(at, os.O_RDONLY)) for at, _, _ in os.walk("volume")]'
  # The system writes when it likes. What is the same for who reads all of it twice was so in between, at one moment.
  while cp --sparse=always image snapshot; do
    cmp -s image snapshot && break
  done
  umount volume && mkdir -p lost && mount -o loop snapshot lost
}
fresh() { # FILE_SYSTEM MKFS...
  umount lost 2>/dev/null
  rm -f image snapshot && truncate -s 300M image && "${@:2}" image >mkfs-out 2>&1 && mkdir -p volume && mount -o loop image volume &&
    cp old volume/replaced && sync -f volume
}
# What is no part: names of the copy whose content is that of the source, or of what it replaces.
parts() {
  find lost -type f -size +0c -name '.*.carousel-*' -o -type f ! -name '.*.carousel-*' -printf '%P\n' | while read -r name; do
    case $name in
      replaced) cmp -s lost/replaced old || cmp -s lost/replaced tree/large || echo "$name" ;;
      *) cmp -s "lost/$name" "tree/${name#copy/}" || echo "$name" ;;
    esac
  done
}
no_parts() { [[ -z $(parts) ]] || { parts; false; }; }

for fs in ext4 xfs btrfs; do
  make=(mkfs.$fs -q)
  [[ $fs == ext4 ]] || make+=(-f)
  if ! command -v mkfs.$fs >/dev/null || ! fresh $fs "${make[@]}"; then
    echo "SKIPPED: $fs cannot be made or mounted here"
    continue
  fi
  for sync in --sync --sync=full; do
    fresh $fs "${make[@]}"
    check "$fs: with $sync" ends_with 0 -a $sync tree volume/copy
    check "all that was copied" lose_power $fs
    # Nothing syncs a symbolic link. A directory that is synced brings its new links along; btrfs may have done so already for a file
    # that was synced, before the link had its time.
    [[ $fs != btrfs || ! -L lost/copy/link ]] || touch -hr tree/link lost/copy/link
    check "is there after a loss of power" same_tree tree lost/copy
  done
  fresh $fs "${make[@]}"
  check "$fs: with --sync=full" ends_with 0 --sync=full tree/large volume/replaced
  check "so is what has replaced something" lose_power $fs
  check "whole" cmp tree/large lost/replaced
  fresh $fs "${make[@]}"
  check "$fs: with --sync=data" ends_with 0 -a --sync=data tree volume/copy
  check "and a file that is replaced" ends_with 0 --sync=data tree/large volume/replaced
  check "names that have come to the device" lose_power $fs fsync
  check "lead to no part of a file" no_parts
  check "and all of them have" test -e lost/copy/sub/39
  # Else nothing above says anything. The system may have written all of a copy by then, but not of each.
  for ((tries = 0; tries < 20; ++tries)); do
    fresh $fs "${make[@]}"
    check "$fs: with --sync=none" ends_with 0 -a --sync=none tree volume/copy
    lose_power $fs fsync
    [[ $fs == ext4 && -z $(parts) ]] || break
  done
  if [[ $fs == ext4 ]]; then check "names may lead to parts, which this test sees" test $tries -lt 20; fi
done
umount lost 2>/dev/null
cd .. || exit 1
finish
