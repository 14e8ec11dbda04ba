#!/usr/bin/env bash
# usage: copy_selection_test.sh CAROUSEL
# What of a tree is copied: by name, by time, by file system, and through symbolic links.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
fresh() {
  find . -mindepth 1 -delete
  mkdir -p tree/cache/deep tree/src/cache
  for file in tree/a.o tree/cache/x tree/cache/deep/y tree/src/a.o tree/src/main.c tree/src/cache/z; do echo "$file" >"$file"; done
}
names() { (cd "$1" && find . -mindepth 1 | sort | tr '\n' ' '); }

fresh
check "a name is left out at any depth" ends_with 0 -r --exclude='*.o' --exclude=cache --json tree copy
check "with what is below it" test "$(names copy)" = "./src ./src/main.c "
check "which is counted" test "$(json out 'o["excluded"], o["files"]')" = "(4, 1)"
check "a path begins at the top of the tree" ends_with 0 -r --exclude=src/cache --exclude=/cache/deep tree paths
check "and is only that" test "$(names paths)" = "./a.o ./cache ./cache/x ./src ./src/a.o ./src/main.c "
check "also of SRC/." ends_with 0 -rT --exclude=src/cache --exclude=/cache/deep tree/. dotted
check "with the same result" same_content paths dotted
check "a star meets no slash" ends_with 0 -r --exclude='src/*' --exclude='*/deep' tree starred
check "but names" test "$(names starred)" = "./a.o ./cache ./cache/x ./src "
mkdir tree/dir && echo x >tree/src/dir
check "a slash at the end asks for a directory" ends_with 0 -r --exclude=dir/ tree dirs
check "and leaves files" test -e dirs/src/dir -a ! -e dirs/dir
check "what is named is copied" ends_with 0 -r --exclude=tree --exclude='a.o' tree/a.o named
check "whatever the pattern says" test -e named
check "no pattern is refused" ends_with 2 -r --exclude=/ tree none
check "in a sentence" says "'/' is no pattern of a name"
# What is left out claims no name of the target.
mkdir shadow && echo x >shadow/x
check "what is in the way of nothing is no matter" ends_with 0 -rT --exclude=cache tree shadow

fresh
mkdir old && echo old >old/newer && echo old >old/older && echo old >old/same
mkdir new && echo new >new/newer && echo new >new/older && echo new >new/same && echo new >new/absent
touch -d @1000000000 old/* && touch -d @1000000001 new/newer && touch -d @999999999 new/older && touch -d @1000000000 new/same
check "-u replaces what is older" ends_with 0 -rT -u --json new old
check "and keeps the rest" test "$(cat old/newer old/older old/same old/absent | tr '\n' ' ')" = "new old old new "
check "which is counted" test "$(json out 'o["skipped"], o["files"]')" = "(2, 2)"
echo more >>tree/a.o
cp -a tree kept
check "a second run copies nothing" ends_with 0 -auT --json tree kept
check "of what was not changed" test "$(json out 'o["files"], o["bytes"], o["skipped"]')" = "(0, 0, 6)"
echo changed >tree/src/main.c
check "and what was" ends_with 0 -auT --json tree kept
check "only" test "$(json out 'o["files"], o["skipped"]')" = "(1, 5)"
check "then they are the same" same_tree tree kept
ln tree/a.o tree/again && ln -s a.o tree/link && mkfifo tree/fifo
check "a new name of a file" ends_with 0 -auT --json tree kept
check "becomes a hard link to the copy that is kept" test kept/a.o -ef kept/again
check "so nothing is copied" test "$(json out 'o["files"], o["hard_links"]')" = "(0, 1)"
check "links and special files are not made again" ends_with 0 -auT --json tree kept
check "either" test "$(json out 'o["symlinks"], o["special_files"], o["files"]')" = "(0, 0, 0)"
mkdir order at && echo new >order/1 && ln order/1 order/2 && echo old >at/2 && touch -r order/1 at/2
check "of several names the first one decides" ends_with 0 -au order/1 order/2 at
check "what all of them are" test at/1 -ef at/2 -a "$(cat at/2)" = new
mkdir -p way/newer
check "a directory in the way is an error, however new" ends_with 1 -uT new/newer way/newer
if ! is_root; then
  chmod 000 new/same
  check "what is kept need not be readable" ends_with 0 -u new/same old
fi

fresh
ln -s src tree/to-src && ln -s a.o tree/to-file && ln -s . tree/loop && ln -s nowhere tree/dangling && ln -s tree to-tree
check "-L follows links" ends_with 1 -rL tree followed
check "to directories" test -f followed/to-src/main.c -a ! -L followed/to-src
check "and files" test -f followed/to-file -a ! -L followed/to-file
check "a loop is said" says "'tree/loop' is inside itself, which a link or a mount can bring about"
check "so is one that leads nowhere" says "cannot open 'tree/dangling': No such file"
check "-aL makes several links to one file hard links" ends_with 1 -aL tree linked
check "as cp does" test linked/a.o -ef linked/to-file
check "-H follows what is named" ends_with 0 -rH to-tree named
check "and no more" test -d named -a -L named/to-src
check "-d keeps what is named a link" ends_with 0 -d to-tree kept-link
check "which it is" test -L kept-link
ln tree/a.o tree/hard
check "and hard links" ends_with 0 -d tree/a.o tree/hard named
check "of files" test named/a.o -ef named/hard
check "the last of them counts" ends_with 0 -L -d to-tree last
check "and is -d" test -L last
mkdir into tree/in && ln -s ../../into tree/in/back && rm tree/loop tree/dangling
check "-L does not copy what it has just made" ends_with 1 -rL tree into
check "which is said" says "'tree/in/back/tree' leads to what was just made"

is_root || finish
fresh
if mount_new tree/mounted -t tmpfs tmpfs; then
  chmod 751 tree/mounted && echo x >tree/mounted/file
  check "-x stays on the file system" ends_with 0 -ax tree one
  check "and makes the directory of another" test -d one/mounted -a "$(ls one/mounted)" = "" -a "$(stat -c %a one/mounted)" = 751
  cp -ax tree one-by-cp
  check "as cp does" same_tree one-by-cp one
  check "what is named is copied" ends_with 0 -ax tree/mounted two
  check "wherever it is" test -e two/file
  umount tree/mounted
fi
# A mount in the source may lead to the copy. What would grow for ever has no more than so much room here.
alias_of() { # DIRECTORY: it is mounted in the source of a copy into small/to
  mkdir -p small/from/sub small/to/from/sub small/from/mounted && echo x >small/from/file
  mount_new small/from/mounted --bind "$1"
}
for leads in small/to small small/to/from; do
  if mount_new small -t tmpfs -o nr_inodes=2000 tmpfs && alias_of $leads; then
    check "a mount of $leads in the source" ends_with 1 -a small/from small/to
    check "does not let the copy grow" says "' leads to what was just made"
    check "and the rest is copied" test -e small/to/from/file
    umount small/from/mounted
  fi
  umount -l small
done
if mount_new small -t tmpfs -o nr_inodes=2000 tmpfs && alias_of small/to/from/sub; then
  check "one of what is at the target and is not copied to now" ends_with 0 -a small/from small/to
  check "is a directory as any" test -d small/to/from/mounted
  umount small/from/mounted
fi
umount -l small
# With -x nothing is read there, which cannot grow.
mkdir -p disk held && echo x >held/file
if mount_new disk -t tmpfs tmpfs && mkdir disk/deep && mount_new held/disk --bind disk; then
  check "-x copies a tree to a disk that is mounted in it too" ends_with 0 -ax held/. disk/deep
  check "whose place in the tree is an empty directory" test "$(ls disk/deep/disk)" = ""
  check "with the rest" test -e disk/deep/file
  check "also at its top" ends_with 0 -ax held/. disk
  check "as cp has it" test -d disk/disk -a "$(ls disk/disk)" = ""
  umount held/disk
  umount disk
fi
# Inodes of 128 bytes have room for whole seconds; FAT keeps even ones.
coarse() { # NAME MKFS...
  truncate -s 8M "$1.image"
  if command -v "$2" >/dev/null && "${@:2}" "$1.image" >/dev/null 2>&1 && mount_new "$1" -o loop "$1.image"; then
    touch -d '2020-01-01 00:00:01.987654321' tree/a.o
    check "times that $1 rounds down" ends_with 0 -rpu --exclude=src tree "$1"
    check "are no older" ends_with 0 -rpu --exclude=src --json tree "$1"
    check "to -u" test "$(json out 'o["files"], o["skipped"]')" = "(0, 3)"
    umount "$1"
  else
    echo "SKIPPED: no $1 here"
  fi
}
coarse ext4 mkfs.ext4 -q -F -I 128
coarse fat mkfs.vfat
finish
