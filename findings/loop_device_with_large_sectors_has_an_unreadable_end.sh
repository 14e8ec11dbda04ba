#!/usr/bin/env bash
# A loop device with sectors of 4096 bytes is longer than what can be read of it: its end is an I/O error.
#
# One would guess: a device's size is a multiple of its sector. losetup cuts a file that does not fit, with a warning, as it
# does for sectors of 512 bytes.
# What happens: with --sector-size 4096 the size stays that of the file in units of 512, and nothing warns. BLKGETSIZE64 counts
# up to 3584 bytes that no read can reach: cat, dd and O_DIRECT deliver the whole sectors and then fail, and a write to the end
# fails likewise. Nothing is wrong with the file below.
# For whom it matters: who tests software for disks with 4 KiB sectors on images that were made for 512: the backup partition
# table is in the last sector of such an image. A copy of the whole device ends with EIO, which looks like a disk that dies.
# What follows for our users: before an I/O error at the end of a device is believed, compare its size with its sector size;
# make images for 4 KiB sectors a multiple of 4 KiB. A program that reads devices should stop at the last whole sector.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages mount=2.38.1-5+deb12u3 util-linux=2.38.1-5+deb12u3
echo "version    $(losetup --version), Linux $(uname -r)"

head -c $((512 * 21)) /dev/urandom >image

# end_of DEVICE: the size that the device tells, its sector, and how many bytes can be read.
end_of() {
  blockdev --getsize64 "$1"
  blockdev --getss "$1"
  cat "$1" 2>complaints | wc -c || true
  cat complaints
}

device=$(losetup --find --show image)
loops+=("$device")
expect "size, sector, bytes read of 10752 bytes" "$(end_of "$device" | paste -sd' ')" "10752 512 10752"
losetup --detach "$device"
loops=()
device=$(losetup --find --show --sector-size 4096 image 2>warnings)
loops+=("$device")
expect "with --sector-size 4096" "$(end_of "$device" | paste -sd' ')" \
  "10752 4096 8192 cat: $device: Input/output error"
expect "lines of warning" "$(wc -l <warnings)" 0
