#!/usr/bin/env bash
# `btrfs restore` copies blocks whose checksum is wrong, even while the mirror has the right ones, and exits with 0.
#
# One would guess: the tool that btrfs brings for rescuing files from what cannot be mounted reads as the kernel does: a block
# that fails its checksum is taken from the other mirror, and when there is none, the file is an error.
# What happens: it checks the checksums of the trees, and none of data. It takes the first mirror as it is: of a RAID1 whose
# other half is good the file comes out wrong. Nothing is printed, the status is 0. Mounted, the kernel reads the same file
# right, and from a single disk it answers EIO.
# For whom it matters: whoever rescues files from a btrfs that does not mount, which is when blocks are likely to be bad, and
# trusts them because "btrfs has checksums".
# What follows for our users: first try a mount and a copier: -o ro,degraded or ro,rescue=usebackuproot (rescue=all leaves the
# checksums out too). What restore gave is to be compared with a backup, or by sums that the files bring themselves.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages btrfs-progs=6.2-1+deb12u2 liblzo2-2=2.10-2
echo "version    $(btrfs --version), Linux $(uname -r)"

# damage DISK: replaces some letters of the file on it, in its third block.
damage() {
  local at
  at=$(grep --byte-offset --only-matching --text --max-count=1 'block 0002 ' "$1" | head -1 | cut -d: -f1)
  printf 'BLOCK' | dd of="$1" bs=1 seek="$at" conv=notrunc status=none
}
# restored DISK: what btrfs restore makes of the file on it.
restored() {
  rm -rf out
  mkdir out
  btrfs restore "$1" out >words 2>&1 && status=0 || status=$?
  echo "$(cmp out/file file >difference && echo right || echo wrong), words: $(wc -l <words), status $status"
}
for block in $(seq 0 255); do printf "block %04d %4085s\n" "$block" ""; done >file
mkdir mounted

truncate -s 128M single
mkfs.btrfs --quiet --data single single >words
mount -o loop single mounted
cp file mounted
umount mounted
damage single
expect "the file restored from a single disk" "$(restored single)" "wrong, words: 0, status 0"
mount -o loop,ro single mounted
cat mounted/file >read 2>complaint && status=0 || status=$?
expect "exit status of cat, mounted" "$status" 1
umount mounted

truncate -s 256M first second
first=$(losetup --find --show first)
loops+=("$first")
second=$(losetup --find --show second)
loops+=("$second")
mkfs.btrfs --quiet --data raid1 --metadata raid1 "$first" "$second" >words
mount -o "device=$first,device=$second" "$first" mounted
cp file mounted
umount mounted
blockdev --flushbufs "$first" "$second"
expect "the file restored from a mirror" "$(restored "$first")" "right, words: 0, status 0"
wrong=0
for disk in first second; do
  cp $disk good
  damage $disk
  blockdev --flushbufs "$first" "$second"
  [[ $(restored "$first") != wrong* ]] || wrong=$((wrong + 1))
  mount -o "ro,device=$first,device=$second" "$first" mounted
  expect "the same, mounted, with one bad half" "$(cmp mounted/file file && echo right)" right
  umount mounted
  dd if=good of=$disk conv=notrunc status=none
done
expect "times that it was wrong, with one half or the other bad" "$wrong" 1
