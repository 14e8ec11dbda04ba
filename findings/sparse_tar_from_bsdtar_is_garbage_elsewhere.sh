#!/usr/bin/env bash
# What bsdtar archives with no option at all, other unpackers turn into a file of another name and size, without an error.
#
# One would guess: "tar cf" makes an archive that every tar reads; sparse entries are an extension that one asks for (--sparse).
# What happens: bsdtar looks for holes by itself and, where a file has one, writes GNU's sparse form 1.0 inside pax headers. A
# reader that skips headers it does not know - npm's tar and tar-fs, pax - creates GNUSparseFile.0/NAME, whose content is a list
# of numbers in text and then the file without its holes. Exit status 0. The form was meant to fail like that; with GNU tar's
# other form (tar --sparse) npm's tar drops the file and GNU's own cpio closes the gaps in it, still without an error.
# For whom it matters: who packs on a system whose tar is bsdtar, or with libarchive, and unpacks in a Node.js program: disk
# images, database files, anything preallocated or written with gaps. Whether it happens depends on how the file was written,
# not what is in it.
# What follows for our users: a copy that keeps holes (`carousel cp` does) brings the holes to the archive too. Use bsdtar
# --no-read-sparse for archives that others unpack, and count the files after unpacking.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages libarchive-tools=3.6.2-1+deb12u5 libarchive13=3.6.2-1+deb12u5 pax=1:20201030-1 cpio=2.13+dfsg-7.1
npm_config_cache=$folder/npm npm install --silent --no-audit --no-fund tar@7.5.23 tar-fs@3.1.3
echo "version    $(bsdtar --version | cut -d' ' -f1,2), $(cpio --version | head -1), pax 20201030"
echo "           npm's tar 7.5.23 and tar-fs 3.1.3"

mkdir source
printf head >source/file
truncate -s 1M source/file
printf tail >>source/file
sync source/file
bsdtar -cf bsdtar.tar -C source file
bsdtar --no-read-sparse -cf plain.tar -C source file
tar --create --sparse --format gnu --file gnu.tar -C source file

cat >unpack.js <<'JS'
const fs = require('fs');
const [program, archive, folder] = process.argv.slice(2);
if (program === 'tar') require('tar').x({ file: archive, cwd: folder, sync: true });
else fs.createReadStream(archive).pipe(require('tar-fs').extract(folder));
JS

# unpacked PROGRAM ARCHIVE: the names and sizes of the files that come out, and the exit status.
unpacked() {
  local status=0
  rm -rf out
  mkdir out
  case $1 in
    bsdtar) bsdtar -xf "$2" -C out || status=$? ;;
    pax) (cd out && pax -r -f "../$2") || status=$? ;;
    cpio) (cd out && cpio --extract --quiet --file "../$2") || status=$? ;;
    *) node unpack.js "$1" "$2" out 2>/dev/null || status=$? ;;
  esac
  (cd out && find . -type f -printf '%P of %s bytes, ')
  echo "status $status"
}

expect "bsdtar's archive in bsdtar" "$(unpacked bsdtar bsdtar.tar)" "file of 1048580 bytes, status 0"
for program in pax tar tar-fs; do
  expect "bsdtar's archive in $program" "$(unpacked $program bsdtar.tar)" "GNUSparseFile.0/file of 4612 bytes, status 0"
done
expect "tar --sparse in npm's tar" "$(unpacked tar gnu.tar)" "status 0"
expect "tar --sparse in cpio" "$(unpacked cpio gnu.tar)" "file of 4100 bytes, status 0"
expect "bsdtar --no-read-sparse in npm's tar" "$(unpacked tar plain.tar)" "file of 1048580 bytes, status 0"
