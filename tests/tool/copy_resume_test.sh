#!/usr/bin/env bash
# usage: copy_resume_test.sh CAROUSEL
# --resume goes on with a copy that was broken off: what is finished is kept, and nothing else.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
fresh() {
  chmod -R u+rwx . && find . -mindepth 1 -delete
  mkdir -p tree/sub
  for i in {1..20}; do echo "content $i" >tree/sub/$i; done
  head -c 9000000 /dev/urandom >tree/large
  ln tree/sub/1 tree/again && ln -s large tree/link && mkfifo tree/fifo
  touch -h -d @1000000000 tree/sub/* tree/*
}
done_and_kept() { json out '(o["files"], o["hard_links"], o["symlinks"], o["special_files"], o["skipped"])'; }

fresh
"$carousel" cp -a --bwlimit=500K tree copy >/dev/null 2>&1 &
pid=$!
some_is_done() { [[ -n $(ls copy/sub 2>/dev/null) ]]; }
until_seen $pid some_is_done # and the large file is not for a long time
kill -9 $pid 2>/dev/null
wait $pid 2>/dev/null
check "a copy that was killed" test ! -e copy/large
check "goes on with --resume" ends_with 0 -aT --resume --json tree copy
check "with what was not finished" same_tree tree copy
check "a copy that is whole" ends_with 0 -aT --resume --json tree copy
check "has nothing left to be done but to see that names are those of one file" test "$(done_and_kept)" = "(0, 1, 0, 0, 23)"
check "whatever its names are" test copy/again -ef copy/sub/1

echo "CONTENT 3" >tree/sub/3 && touch -d @1000000000 tree/sub/3
echo "content 4" >tree/sub/4 && echo "content five" >tree/sub/5 && touch -d @1000000000 tree/sub/5
touch -d @900000000 tree/sub/6 && chmod 600 tree/sub/7 && ln -sfn large2 tree/link && touch -h -d @1000000000 tree/link
cp -a copy second
check "what has another size, time or mode" ends_with 0 -aT --resume --json tree copy
check "is copied again" test "$(json out 'o["files"], o["symlinks"]')" = "(4, 1)"
check "also where it is older" test "$(stat -c %Y copy/sub/6)" = 900000000
check "a content that has only changed itself is not seen" grep -q content copy/sub/3
check "but by --resume=hash" ends_with 0 -aT --resume=hash --json tree second
check "which copies what differs" same_tree tree second
check "and keeps the rest" test "$(json out 'o["files"]')" = 2
fresh && "$carousel" cp -r tree copy >/dev/null 2>&1
check "--resume=hash needs no times" ends_with 1 -rT --resume=hash --json tree copy
check "to know what is there" test "$(json out 'o["files"], o["skipped"]')" = "(0, 22)"
check "a dry run" ends_with 0 -aT --resume=hash --dry-run --json tree copy
check "knows it too" test "$(json out 'o["files"]')" = 0
check "with -a" ends_with 0 -aT --resume=hash --json tree copy
check "what is kept gets what belongs to the source" same_tree tree copy
if setfattr -n user.of -v earlier copy/sub/2 2>/dev/null; then
  setfattr -n user.of -v source tree/sub/4 && chmod 444 copy/sub/2
  check "with what it has of its own" ends_with 0 -aT --resume=hash --json tree copy
  check "which is kept" test "$(json out 'o["files"]')" = 0
  check "no attribute stays that the source has not" not getfattr -n user.of copy/sub/2
  check "and those that it has are there" test "$(getfattr --only-values -n user.of copy/sub/4)" = source
  check "with the permissions of the source" test "$(stat -c %a copy/sub/2)" = "$(stat -c %a tree/sub/2)"
fi
if setfacl -m u:65533:rw copy/sub/3 2>/dev/null; then
  check "nor does an access control list" ends_with 0 -aT --resume=hash --json tree copy
  check "that lets others in" not grep -q 65533 <(getfacl -n copy/sub/3 2>/dev/null)
fi
check "names of one file are one" test copy/again -ef copy/sub/1
chmod 4755 tree/sub/8 copy/sub/8 copy/sub/9 && chmod 755 tree/sub/9
check "special bits are permissions as well" ends_with 0 -aT --resume --json tree copy
check "so what has others" test "$(stat -c %a copy/sub/8 copy/sub/9 | xargs)" = "4755 755"
check "is copied again" test "$(json out 'o["files"]')" = 1
rm copy/again && cp copy/sub/1 copy/again && touch -r copy/sub/1 copy/again
check "and if they are not" ends_with 0 -aT --resume tree copy
check "they become one" test copy/again -ef copy/sub/1
for how in time hash; do
  mkdir -p links kept && ln -sfn aaa links/l && ln -sfn bbb kept/l && touch -h -d @1000 links/l kept/l
  check "a link of the same size and time with --resume=$how" ends_with 0 -aT "--resume=$how" --json links kept
  check "leads where that of the source does" test "$(readlink kept/l)" = aaa
done
check "and one that does is kept" test "$(ends_with 0 -aT --resume --json links kept; done_and_kept)" = "(0, 0, 0, 0, 1)"
mkdir names && echo same | tee names/a >names/b && ln names/b names/c && chmod 644 names/b && chmod 4755 names/a
check "a content that has other names too" ends_with 0 -p --resume=hash names/a names/b
check "does not give them its attributes" test "$(stat -c %a names/b names/c | xargs)" = "4755 644"
ln names/b names/d
check "where it has those already" ends_with 0 -a --resume=hash names/a names/b
check "it is kept" test names/b -ef names/d
if setfattr -n user.of -v source names/a 2>/dev/null; then
  check "an extended attribute" ends_with 0 -a --resume=hash names/a names/b
  check "is another one as well" not getfattr -n user.of names/d
fi
# Inodes of 128 bytes have no room for more than seconds.
if is_root && truncate -s 16M image && mkfs.ext4 -q -F -I 128 image 2>mkfs-error && mount_new coarse -o loop image; then
  check "where times are kept in seconds" ends_with 0 -a names/a coarse/a
  ln coarse/a coarse/also
  check "a file of the same content" ends_with 0 -a --resume=hash names/a coarse/a
  check "has the attributes as far as it can" test coarse/a -ef coarse/also
  umount coarse
fi
mkdir way way/large
check "a directory in the way is an error" ends_with 1 -aT --resume tree way
check "for a hash too" ends_with 1 -aT --resume=hash tree way
check "--resume without -p has nothing to go by" ends_with 2 -r --resume tree copy
check "which is said" says "--resume=hash compares contents"
for option in -u -n; do check "$option and --resume exclude each other" ends_with 2 -a $option --resume tree copy; done
check "a check that is none is refused" ends_with 2 -a --resume=size tree copy
finish
