#!/usr/bin/env bash
# mkfs on a preallocated image gives back the space: the image is sparse afterwards, and can run out of room in use.
#
# One would guess: `fallocate -l 320M disk.img && mkfs.ext4 disk.img` makes a file system whose blocks exist on the disk below, so that
# whoever mounts it cannot meet a full disk below it. mkfs writes its tables into what is there.
# What happens: mkfs.ext4 first discards the whole device, and for a file that means punching a hole into all of it; so does a loop device
# with BLKDISCARD, for mkfs.ext4, mkfs.xfs and mkfs.btrfs. What they write themselves is all that is allocated: 9 MiB of 320. Nothing is
# printed. When the disk below is full, writes that were confirmed end as I/O errors in the file system above, which has room by its
# own count.
# For whom it matters: who gives databases, VMs or containers images of fixed size in order to know that the space is theirs. The images
# look alike in ls -l.
# What follows for our users: mkfs.ext4 -E nodiscard, mkfs.xfs -K, mkfs.btrfs -K, or fallocate once more after mkfs, which keeps what
# is written. Look at du. A copier that keeps holes (`carousel cp`) makes the copy as sparse as the image has become.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages e2fsprogs=1.47.0-2+b2 libext2fs2=1.47.0-2+b2 libcom-err2=1.47.0-2+b2 xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1 \
  btrfs-progs=6.2-1+deb12u2
echo "version    $(mkfs.ext4 -V 2>&1 | head -1), $(mkfs.xfs -V), $(mkfs.btrfs --version), Linux $(uname -r)"

fallocate --length 320M image
expect "all there after fallocate" "$(($(du --block-size=M image | cut -d M -f 1) >= 320))" 1
# made_on NAME COMMAND...: MiB that a preallocated image has after COMMAND on it or, for NAME "loop", on its loop device.
made_on() {
  local target=image
  rm -f image
  fallocate --length 320M image
  if [[ $1 == loop ]]; then
    target=$(losetup --find --show image)
    loops=("$target")
  fi
  "${@:2}" -q "$target" >words 2>&1
  if [[ $1 == loop ]]; then losetup --detach "$target"; fi
  loops=()
  mib=$(du --block-size=M image | cut -d M -f 1)
}
for call in "file mkfs.ext4" "loop mkfs.ext4" "loop mkfs.xfs" "loop mkfs.btrfs"; do
  # shellcheck disable=SC2086 # words
  made_on $call
  expect "less than 80 MiB left by $call ($mib)" "$((mib < 80))" 1
done
for call in "file mkfs.ext4 -E nodiscard" "loop mkfs.xfs -K" "loop mkfs.btrfs -K"; do
  # shellcheck disable=SC2086 # words
  made_on $call
  expect "all left by $call ($mib)" "$((mib >= 320))" 1
done
