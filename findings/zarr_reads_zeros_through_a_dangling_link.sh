#!/usr/bin/env bash
# A Zarr array whose chunk is a symbolic link to nothing reads as zeros, without an error.
#
# One would guess: a chunk that was never written reads as the fill value, but an entry that is there and cannot be opened is an
# error.
# What happens: zarr's DirectoryStore asks os.path.isfile() and takes every "no" for "never written". Links to nothing, folders
# and chunks below a folder that one may not search all count as not there; the fill value, 0 by default, takes their place.
# For whom it matters: scientists who keep arrays in git-annex or DataLad, where content that was not fetched is exactly such a
# link, or behind a tiering system that leaves links; the mean over the array comes out, and is wrong.
# What follows for our users: a copy of an array that lost some chunks opens like a whole one. Take a copier's exit status
# seriously (`carousel cp` is 1 when one file is missing), copy with links to the content resolved, count chunk files against
# the array's shape, or write with a fill value that cannot be data.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages python3-zarr=2.13.6+ds-1 python3-numcodecs=0.11.0+ds-4+b1 python3-numpy=1:1.24.2-1+deb12u1 python3-asciitree=0.3.3-3 \
  python3-fasteners=0.17.3-2 python3-msgpack=1.0.3-2+b1 python3-pkg-resources=66.1.1-1+deb12u2 libblosc1=1.21.3+ds-1 \
  libsnappy1v5=1.1.9-3 libblas3=3.11.0-2 liblapack3=3.11.0-2 libgfortran5=12.2.0-14+deb12u1 libquadmath0=12.2.0-14+deb12u1

cat >array.py <<'PY'
import os, sys, zarr

if sys.argv[1] == "version":
    print("zarr", zarr.__version__)
elif sys.argv[1] == "write":
    zarr.open("array.zarr", mode="w", shape=(8,), chunks=(4,), dtype="i4")[:] = range(1, 9)
else:
    print(*zarr.open("array.zarr", mode="r")[:])
PY
python=/usr/bin/python3
echo "version    $($python array.py version)"

$python array.py write
expect "the array" "$($python array.py read)" "1 2 3 4 5 6 7 8"
mkdir annex
mv array.zarr/1 annex/content
ln -s ../annex/content array.zarr/1
expect "with a chunk that is a link to its content" "$($python array.py read)" "1 2 3 4 5 6 7 8"
mv annex elsewhere
expect "when the link leads to nothing, status 0" "$($python array.py read), status $?" "1 2 3 4 0 0 0 0, status 0"
