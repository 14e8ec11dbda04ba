#!/usr/bin/env bash
# What fio writes by default looks random, and compresses to a hundredth.
#
# One would guess: the default data are random, so that a file system or a device that compresses or deduplicates gains nothing,
# and figures are those of the worst case. There are options (buffer_compress_percentage) for whoever wants it easier.
# What happens: fio fills its buffer with random bytes once and writes the same buffer again and again, with a few bytes changed
# in each write. At --bs=4k every record of 128 KiB, the unit of btrfs and of ZFS, is 32 times nearly the same block, and zstd
# stores it in a tenth or less; over the whole file it is a hundred to one. --refill_buffers makes each write random.
# For whom it matters: who compares file systems, disks and storage arrays that compress, or sizes one by fio. Small blocks gain
# the most, so that the comparison of block sizes is wrong too; the same device looks worse the larger the blocks are.
# What follows for our users: --refill_buffers whenever something below may compress, and a look at `du` after a run. Figures of
# a device are of data like those that it will hold.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages fio=3.33-3 libaio1=0.3.113-4 libnbd0=1.14.2-1 libgfapi0=10.3-5 libgfrpc0=10.3-5 libgfxdr0=10.3-5 libglusterfs0=10.3-5 \
  libibverbs1=44.0-2 librdmacm1=44.0-2 libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1 libkmod2=30+20221128-1 \
  librados2=16.2.15+ds-0+deb12u2 librbd1=16.2.15+ds-0+deb12u2 libboost-thread1.74.0=1.74.0+ds1-21 \
  libboost-iostreams1.74.0=1.74.0+ds1-21 libpmem1=1.12.1-2 libpmemblk1=1.12.1-2 libndctl6=76.1-1 libdaxctl1=76.1-1
packages zstd=1.5.4+dfsg2-5
echo "version    $(fio --version)"

# stored OPTION...: per cent of its size that a file takes whose records of 128 KiB are compressed one by one, and as a whole.
stored() {
  rm -rf written records
  mkdir records
  fio --name=write --rw=write --filename=written --size=16m --output=report "$@"
  split --bytes=128K written records/
  zstd -q --rm records/*
  local whole
  whole=$(zstd -q --stdout written | wc -c)
  echo "$(($(cat records/* | wc -c) * 100 >> 24)) $((whole * 100 >> 24))"
}

read -r records whole <<<"$(stored --bs=4k)"
expect "blocks of 4 KiB: the records take at most 10 %, the whole at most 2 %" "$((records <= 10 && whole <= 2))" 1
echo "           ($records % and $whole %)"
read -r records whole <<<"$(stored --bs=1m)"
expect "blocks of 1 MiB: the records take at least 85 %, the whole at most 25 %" "$((records >= 85 && whole <= 25))" 1
echo "           ($records % and $whole %)"
read -r records whole <<<"$(stored --bs=4k --refill_buffers)"
expect "blocks of 4 KiB with --refill_buffers: at least 99 % in both" "$((records >= 99 && whole >= 99))" 1
