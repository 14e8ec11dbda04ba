#!/usr/bin/env bash
# usage: copy_delete_test.sh CAROUSEL
# --delete removes what no source has: that, and nothing else.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
fresh() {
  umount -q target/* 2>/dev/null
  chmod -R u+rwx . && find . -mindepth 1 -delete
  mkdir -p source/sub source/other target/sub target/gone/deep outside
  for file in source/a source/sub/b source/other/c target/old target/sub/old target/gone/x target/gone/deep/y outside/safe; do echo "$file" >"$file"; done
  ln -s ../outside target/gone/link && ln -s nowhere target/dangling && mkfifo target/fifo
  touch -d @1000000000 source/sub source
}
nothing_removed() { [[ -e target/old && -e target/sub/old && -e target/gone/deep/y && -L target/dangling && -p target/fifo ]]; }

fresh
check "--delete makes the target what the source is" ends_with 0 -a --delete --json source/. target
check "which it is" same_tree source target
check "all that is removed is counted" test "$(json out 'o["removed"]')" = 9
check "a link is removed, and not followed" test -e outside/safe
check "directories have the times of the source" test "$(stat -c %Y target/sub)" = 1000000000
check "a second run" ends_with 0 -a --delete --json source/. target
check "removes nothing" test "$(json out 'o["removed"]')" = 0

fresh
mkdir target/source && echo x >target/source/y
check "beside a directory that is copied" ends_with 0 -r --delete source target
check "nothing is removed" nothing_removed
check "but in it" not test -e target/source/y
fresh
check "nor beside a file" ends_with 0 -r --delete source/a target
check "that is copied" nothing_removed
fresh
check "the whole content of a directory may go" ends_with 0 -r --delete outside/. target
check "when the source has one file" test "$(ls -A target)" = safe

fresh
mkdir second && echo 2 >second/two && mkdir second/sub && echo 2 >second/sub/old
check "of sources that merge each has its names" ends_with 0 -r --delete source/. second/. target
check "in the target" test -e target/a -a -e target/two -a ! -e target/old -a ! -e target/gone
check "and below it" test -e target/sub/b -a "$(cat target/sub/old)" = 2
fresh
check "what a named source has become stays beside SRC/." ends_with 0 -r --delete outside source/. target
check "whole" test -e target/outside/safe -a -e target/a -a ! -e target/old
mkdir target/new && echo x >target/new/x
check "what one source makes" ends_with 0 -r --delete source/. target
check "the next one does not remove" ends_with 0 -r --delete source source/. target
check "either" test -e target/source/a -a -e target/a

fresh
echo note: >target/keep.txt && mkdir target/gone/more && echo x >target/gone/more/keep.txt
check "what --exclude leaves out stays" ends_with 0 -r --delete --exclude='keep.*' --exclude=/sub source/. target
check "at the top" test -e target/keep.txt
check "inside what goes" test -e target/gone/more/keep.txt -a ! -e target/gone/x -a ! -e target/gone/deep
check "as a path" test -e target/sub/old
check "which is said" says "note: what --exclude leaves out is not removed, nor the directories that it is in"
fresh
check "what -n keeps has a source" ends_with 0 -rn --delete source/. target
check "the rest goes" test ! -e target/old -a -e target/a

fresh
check "a source that is not there" ends_with 1 -r --delete source/. absent target
check "keeps everything from being removed" nothing_removed
check "which is said" says "note: nothing is removed from the target, because not everything was copied"
fresh
mkdir target/a
check "so does what could not be copied" ends_with 1 -r --delete source/. target
check "for any reason" nothing_removed
if ! is_root || [[ ${#unprivileged[@]} -gt 0 ]]; then
  fresh
  chmod 000 source/other && chmod 755 . && chmod -R a+rwX target
  ! is_root || chown "$own_user" source/other source/sub source/a source target -R
  run "${unprivileged[@]}" "$carousel" cp -r --delete source/. target
  check "a directory that cannot be listed" test $status = 1
  check "is no empty one" nothing_removed
  fresh
  chmod 755 . && chmod -R a+rwX target && chmod 555 target/gone/deep
  ! is_root || chown -R "$own_user" source target
  run "${unprivileged[@]}" "$carousel" cp -r --delete source/. target
  check "what may not be removed is an error" test $status = 1
  check "by its name" says "cannot remove 'target/./gone/deep/y': Permission denied"
  check "and stays alone" test -e target/gone/deep/y -a ! -e target/gone/x -a ! -e target/old
fi

# A source that is in the target itself, and has no name of the copy there.
for options in --dry-run ""; do
  fresh
  mkdir -p target/from/sub && echo 1 >target/from/one && echo 2 >target/from/sub/two && echo 3 >target/one
  check "a source in the target with $options" ends_with 1 -rn --delete $options target/from/. target
  check "is not removed" says "'target/./from' is not removed: it is what the command line names to be copied"
  check "with all that it has" test "$(cat target/from/one target/from/sub/two target/one | xargs)" = "1 2 3"
  fresh
  check "nor a file with $options" ends_with 1 -r --delete $options source/. target/gone/x target
  check "that is named there" says "'target/./gone/x' is not removed: it is what"
done
check "but what is beside it" test -e target/gone/x -a ! -e target/gone/deep -a ! -e target/old
fresh
ln target/gone/x source/x
check "another name of a file that is named goes" ends_with 0 -r --delete source/. source/a target
check "as ever" not test -e target/gone

for options in '-a --delete -b' '-a --delete -i' '--delete' '--delete -p'; do
  check "$options excludes itself" ends_with 2 $options source/. target
done
check "in a sentence" says "--delete is for trees: -r or -a is missing"

fresh
mkdir -p deep && cd deep || exit 1
for ((i = 0; i < 300; ++i)); do mkdir -p dddddddddddddddddddd && cd dddddddddddddddddddd || exit 1; done
echo x >bottom
cd "$dir" || exit 1
mv deep target/deep
check "a tree is removed that is deeper than a path is long" ends_with 0 -r --delete source/. target
check "with all that it has" not test -e target/deep

# Names that fold: what a name of the source finds is no extra.
fresh
truncate -s 64M image
loop=$(losetup -f --show image 2>/dev/null)
if [[ -n $loop && -c /dev/fuse ]] && mkfs.exfat "$loop" >/dev/null && mkdir folds && mount.exfat-fuse "$loop" folds >/dev/null 2>&1; then
  mounts+=("$dir/folds")
  mkdir -p folded/sub folds/top/SUB && echo new | tee folded/readme.txt >folded/sub/x
  echo old | tee folds/top/README.TXT folds/top/SUB/X >folds/top/other.txt
  check "a name that is spelt otherwise at the target" ends_with 0 -r --delete folded/. folds/top
  check "is the one that was copied" test "$(cat folds/top/README.TXT folds/top/SUB/X | tr '\n' ' ')" = "new new "
  check "and no other" test "$(find folds/top -mindepth 1 | wc -l)" = 3
  mkdir folds/copy
  for run in first second; do
    check "a manifest in the target, which has a name from the beginning there, in the $run run" \
      ends_with 0 -r --delete --json --manifest=folds/copy/sums folded/. folds/copy
    check "is no extra" sha256sum --quiet --strict -c folds/copy/sums
    check "that would be removed" test "$(json out 'o["removed"]')" = 0
  done
  umount folds
else
  echo "SKIPPED: no exFAT here"
fi
[[ -z $loop ]] || losetup -d "$loop"
is_root || finish
fresh
if mount_new target/gone/deep -t tmpfs tmpfs && echo safe >target/gone/deep/safe; then
  check "what is mounted at the target is not removed" ends_with 1 -a --delete source/. target
  check "which is an error" says "'target/./gone/deep' is not removed: something is mounted there"
  check "nor entered" test -e target/gone/deep/safe -a ! -e target/gone/x
  umount target/gone/deep
fi
fresh
if mount_new target/gone/deep --bind outside; then
  check "nor what is mounted from the same file system" ends_with 1 -a --delete source/. target
  check "which is whole" test -e outside/safe
  umount target/gone/deep
fi
fresh
if mount_new source/sub -t tmpfs tmpfs; then
  check "with -x a directory where another file system begins" ends_with 0 -ax --delete source/. target
  check "keeps at the target what it has" test -e target/sub/old -a ! -e target/old
  umount source/sub
fi
finish
