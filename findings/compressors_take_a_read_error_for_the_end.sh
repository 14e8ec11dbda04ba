#!/usr/bin/env bash
# bgzip, lzop and zpaq compress what comes before an unreadable block, exit with 0, and their own tests find the result whole.
#
# One would guess: a compressor that cannot read its input says so and fails, as gzip, xz, zstd and lz4 do. A file is removed after
# it was compressed with status 0 and tested.
# What happens: bgzip and lzop take the failed read for the end of the file, write the end mark of their format and print nothing. zpaq
# adds the part to its archive as that version of the file, and says "all OK". The archives are valid: a test has nothing to find,
# for the sums in them are of what was read.
# For whom it matters: bgzip makes every compressed VCF, FASTA and BED file in genomics, lzop is what backup tools for VMs use when time
# is short. On a failing disk or a network file system half of a file becomes the backup.
# What follows for our users: compare the length or a checksum of the input (sha256sum does fail) with that of what comes out again. Or
# copy first by something that takes a read error for one, and compress the copy.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages tabix=1.16+ds-3 libhts3=1.16+ds-3 libhtscodecs2=1.3.0-4 libdeflate0=1.14-1 lzop=1.04-2 zpaq=7.15+repack-1 gzip=1.12-1 nbdkit=1.32.5-1 \
  libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 libfuse3-3=3.14.0-4
echo "version    $(bgzip --version | head -1), $(lzop --version | head -1), zpaq 7.15"

half_unreadable disk
# half_by NAME COMPRESS TEST UNPACK: whether half of the file comes out again, and what each step ends with.
half_by() {
  $2 <shown/disk >packed 2>words && packed=$? || packed=$?
  $3 <packed >/dev/null 2>&1 && tested=$? || tested=$?
  $4 <packed >unpacked 2>/dev/null || true
  expect "$1" "compressed: $packed, words: $(wc -l <words), tested: $tested, $(cmp unpacked half >differs && echo half)" \
    "compressed: 0, words: 0, tested: 0, half"
}
half_by bgzip "bgzip --stdout" "gzip --test" "bgzip --decompress --stdout"
half_by lzop "lzop --stdout" "lzop --test" "lzop --decompress --stdout"
zpaq add archive.zpaq shown/disk >words 2>&1 && status=0 || status=$?
expect "zpaq" "status $status, $(grep -o 'all OK' words)" "status 0, all OK"
zpaq extract archive.zpaq shown/disk -to out >words 2>&1
expect "what zpaq extracts" "$(cmp out half && echo half)" half
gzip --stdout shown/disk >packed 2>words && status=0 || status=$?
expect "for comparison, exit status of gzip" "$status" 1
umount shown
