#!/usr/bin/env bash
# usage: copy_swapped_test.sh CAROUSEL
# Directories that become symbolic links while they are copied lead nowhere outside.
. "$(dirname "$0")/lib.sh"
cat >swap.py <<'END'
import ctypes, os, signal, sys
# usage: swap.py DIRECTORY LINK: exchanges the two, all the time, and leaves them as they were.
first, second = (os.fsencode(name) for name in sys.argv[1:])
libc, going = ctypes.CDLL(None), [True]
signal.signal(signal.SIGTERM, lambda *_: going.clear())
def exchange():
    if libc.renameat2(-100, first, -100, second, 2) != 0: sys.exit(1)
exchange()
open("swapping", "w").close()
while going: exchange()
if os.path.islink(first): exchange()
END
mkdir -p outside/sub s/sub/deep
for i in {1..30}; do echo "$i" >s/sub/$i && echo "$i" >s/sub/deep/$i; done
echo secret >outside/sub/secret
ln -s "$dir/outside/sub" link
before=$(find outside | sort)
# What comes before it in the order of the disk gives the swaps time between the listing and the copy of a directory.
for i in {1..100}; do echo "$i" >s/before$i; done
cp -r s/sub s/last && rm -r s/sub && mv s/last s/sub
python3 swap.py s/sub link &
swapper=$!
until_seen $swapper test -e swapping || skip "names cannot be exchanged here"
for i in {1..20}; do "$carousel" cp -r --buffers 1 s "copy$i" >/dev/null 2>&1; done
kill $swapper
check "a source was swapped for a link all the time" wait $swapper
check "a source that is swapped for a link leads to nothing outside" test -z "$(grep -rl secret copy*)"

mkdir target && cp -r s target/
rm swapping
python3 swap.py target/s/sub link &
swapper=$!
until_seen $swapper test -e swapping
for i in {1..20}; do "$carousel" cp -r --buffers 1 s target >/dev/null 2>&1; done
kill $swapper
check "so was a target" wait $swapper
check "a target that is swapped for a link leads to nothing outside" test "$(find outside | sort)" = "$before"
finish
