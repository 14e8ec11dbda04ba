#!/usr/bin/env bash
# A fio job with --verify and --runtime passes on a device that keeps nothing: it never reads.
#
# One would guess: --verify=crc32c makes a write job check what it wrote, and a job that ended with 0 errors and status 0 has.
# --runtime ends the writing, or a part of the checking.
# What happens: fio verifies after it has written all of --size. A job whose --runtime is over before that ends without having read
# a single block: "err= 0", exit status 0. The one sign in its report is that there is no line READ. It is the large and slow
# devices that are never checked; on a small one the same job file finds the fault.
# For whom it matters: who burns in disks, or tests a driver, a file system or a network store "for an hour, with verify".
# What follows for our users: --verify_backlog=N checks while it writes; or leave out --runtime, or run the reading half as a job
# of its own. Then look at the number of reads, and once at how the job fails on a device that loses data: nbdkit null.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages fio=3.33-3 libaio1=0.3.113-4 libnbd0=1.14.2-1 libgfapi0=10.3-5 libgfrpc0=10.3-5 libgfxdr0=10.3-5 libglusterfs0=10.3-5 \
  libibverbs1=44.0-2 librdmacm1=44.0-2 libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1 libkmod2=30+20221128-1 \
  librados2=16.2.15+ds-0+deb12u2 librbd1=16.2.15+ds-0+deb12u2 libboost-thread1.74.0=1.74.0+ds1-21 \
  libboost-iostreams1.74.0=1.74.0+ds1-21 libpmem1=1.12.1-2 libpmemblk1=1.12.1-2 libndctl6=76.1-1 libdaxctl1=76.1-1
packages nbdkit=1.32.5-1
echo "version    $(fio --version), nbdkit $(nbdkit --version | cut -d' ' -f2)"

# A device of 1 TiB that takes every write and reads as zeros.
nbdkit --foreground --unix nothing --pidfile up "$root/usr/lib/x86_64-linux-gnu/nbdkit/plugins/nbdkit-null-plugin.so" 1T 2>complaints &
started+=("$!")
until_there test -e up

# burnt_in OPTION...: fio's exit status, and how many blocks it read.
burnt_in() {
  local status=0
  fio --name=burn_in --ioengine=nbd --uri="nbd+unix:///?socket=$folder/nothing" --rw=write --bs=64k --verify=crc32c \
    --output=report "$@" 2>complaint || status=$?
  echo "status $status, $(sed -nE 's/.*issued rwts: total=([0-9]+),.*/\1/p' report) read"
}
expect "a job of 16 MiB" "$(burnt_in --size=16m)" "status 1, 1 read"
expect "a job of one second and 500 GiB" "$(burnt_in --size=500g --runtime=1)" "status 0, 0 read"
expect "one with --time_based" "$(burnt_in --size=500g --runtime=1 --time_based)" "status 0, 0 read"
expect "one with --verify_backlog=64" "$(burnt_in --size=500g --runtime=1 --verify_backlog=64)" "status 1, 1 read"
