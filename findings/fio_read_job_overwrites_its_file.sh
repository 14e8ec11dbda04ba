#!/usr/bin/env bash
# A fio job that only reads replaces what is in the file that it was pointed at.
#
# One would guess: --rw=read never writes. A file that is smaller than --size is an error, is read to its end, or at worst
# grows.
# What happens: fio "lays out" a file that is too small, and it does so from byte 0: the whole file becomes fio's random data.
# The job then reports its figures and exits with 0. --readonly stops the layout, with a word on stderr.
# For whom it matters: who measures reads of a database file, a disk image or a data set in place, and rounds --size up.
# What follows for our users: keep --readonly on every fio line that is pointed at data somebody wants; it is not the default of
# a job that reads. `carousel bench` opens its file for reading alone, so that no option of it can write.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages fio=3.33-3 libaio1=0.3.113-4 libnbd0=1.14.2-1 libgfapi0=10.3-5 libgfrpc0=10.3-5 libgfxdr0=10.3-5 libglusterfs0=10.3-5 \
  libibverbs1=44.0-2 librdmacm1=44.0-2 libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1 libkmod2=30+20221128-1 \
  librados2=16.2.15+ds-0+deb12u2 librbd1=16.2.15+ds-0+deb12u2 libboost-thread1.74.0=1.74.0+ds1-21 \
  libboost-iostreams1.74.0=1.74.0+ds1-21 libpmem1=1.12.1-2 libpmemblk1=1.12.1-2 libndctl6=76.1-1 libdaxctl1=76.1-1
echo "version    $(fio --version)"

job=(--name=read --rw=read --bs=4k --size=64k --output=report)
yes 'a row that nobody has elsewhere' | head -c 20000 >table || true
cp table before

fio "${job[@]}" --filename=table --readonly 2>complaint || true
expect "the file after --rw=read --readonly" "$(cmp before table && echo unchanged)" unchanged
fio "${job[@]}" --filename=table && status=0 || status=$?
expect "exit status of --rw=read" "$status" 0
expect "bytes of the file, before and after --rw=read" "$(stat --format %s before table | paste -sd' ')" "20000 65536"
expect "rows left in the file" "$(grep -ac 'a row' table)" 0
