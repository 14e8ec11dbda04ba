#!/usr/bin/env bash
# usage: copy_sparse_test.sh CAROUSEL
# --sparse makes holes where there are zeros, or none; and --files-from takes names from a list.
. "$(dirname "$0")/lib.sh"
blocks() { stat -c %b "$1"; }
# The end is a part of a block.
python3 - <<'END'
for name, size in (("small", 70000), ("large", (12 << 20) + 700)):
    with open(name, "wb") as f:
        f.write(b"begin" + bytes(size - 10) + b"ended")
    with open(name + "-holes", "wb") as f:
        f.write(b"begin"); f.seek(size - 5); f.write(b"ended")
open("zeros", "wb").write(bytes(9000000))
END
: >empty
for name in small large small-holes large-holes zeros empty; do
  for when in always never auto; do
    check "--sparse=$when copies $name" ends_with 0 --sparse=$when --reflink=never "$name" copy
    check "byte for byte" cmp "$name" copy
    cp --sparse=$when --reflink=never "$name" by-cp
    ours=$(blocks copy) theirs=$(blocks by-cp)
    # A block at each end of a run of zeros may be data for one of them.
    check "with as much storage as cp uses" test $((ours - theirs)) -le 256 -a $((theirs - ours)) -le 256
    rm -f copy by-cp
  done
done
check "zeros are one hole" ends_with 0 --sparse=always zeros copy
check "with hardly a block" test "$(blocks copy)" -le 8
check "of a small file" ends_with 0 --sparse=always small small-copy
check "too" test "$(blocks small-copy)" -le 32
check "which storage that is shared would not be" ends_with 0 --sparse=never --json large-holes whole
check "so that it is not" test "$(json out '[c["no_reflink"] for c in o["contents"]]')" = "['--sparse says where holes are']"
check "--reflink=always excludes it" ends_with 2 --reflink=always --sparse=never small copy
check "a WHEN that is none is refused" ends_with 2 --sparse=sometimes small copy

mkdir into && echo 1 >one && echo 2 >$'two\nlines' && mkdir -p d/e && echo 3 >d/e/three
printf '%s\n' one d/e >list
check "a list names what to copy" ends_with 0 -r --files-from=list small into
check "behind what is named" test -e into/small -a -e into/one -a -e into/e/three
find . -name 'two*' -print0 >nuls
check "with NULs it may hold any name" ends_with 0 -0 --files-from=nuls into
check "as find writes it" test -e $'into/two\nlines'
run bash -c 'echo one | "$1" cp --files-from=- -t d' _ "$carousel"
check "- is stdin" test $status = 0 -a -e d/one
check "a list of one needs a directory too" ends_with 1 --files-from=nuls -0 absent
check "an empty list is one" ends_with 0 --files-from=/dev/null into
check "an empty name is none" bash -c 'printf "one\n\nsmall\n" >gap; ! "$1" cp --files-from=gap into 2>err' _ "$carousel"
check "which is said" says "'gap': number 2 of the names is empty"
check "so is a list that is not there" ends_with 2 --files-from=absent into
check "by name" says "cannot read 'absent': No such file"
mkdir unread && check "names that end with NULs are no list of lines" ends_with 2 --files-from=nuls unread
check "and -0 is named" says "with -0"
check "nothing is copied" test -z "$(ls -A unread)"
check "-0 alone is nothing" ends_with 2 -0 one into
check "a name in the list that is not there" bash -c 'printf "absent\none\n" >mixed; "$1" cp --files-from=mixed into 2>err; [[ $? = 1 ]]' _ "$carousel"
check "is said" says "cannot read 'absent'"
finish
