#!/usr/bin/env bash
# `qemu-img convert` from raw to raw appends bytes, and `qemu-img compare` calls the two files identical.
#
# One would guess: a raw image has no format, so converting it to raw is a copy (one that may gain holes), and "Images are
# identical." with exit status 0 means what cmp means.
# What happens: qemu counts in sectors of 512 bytes. A source whose size is no multiple is shown rounded up, zeros at its end;
# the copy has them for real. compare, convert and a server (qemu-nbd) round alike, so no qemu tool sees a difference; cmp and
# checksums do.
# For whom it matters: who moves files that happen to be images through qemu-img or NBD: firmware and flash dumps whose size the
# loader checks, signed images, an archive or a database file behind a raw export, content-addressed stores.
# What follows for our users: copy raw files with a file copier, and keep their size beside images that go through qemu. What
# reads a file over such an export must take its end from elsewhere. `cmp` is the proof of a copy, compare only of what a guest
# sees.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages qemu-utils=1:7.2+dfsg-7+deb12u18+b3 liburing2=2.3-3 libaio1=0.3.113-4
echo "version    $(qemu-img --version | head -1)"

head -c 1000 /dev/urandom >source.img
qemu-img convert -f raw -O raw source.img copy.img && status=0 || status=$?
expect "exit status of convert" "$status" 0
expect "bytes before and after" "$(stat --format %s source.img copy.img | paste -sd' ')" "1000 1024"
expect "qemu-img compare" "$(qemu-img compare -f raw -F raw source.img copy.img), status $?" "Images are identical., status 0"
expect "cmp" "$(cmp -s source.img copy.img && echo same || echo different)" different
