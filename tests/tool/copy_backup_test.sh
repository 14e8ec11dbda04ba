#!/usr/bin/env bash
# usage: copy_backup_test.sh CAROUSEL
# What a copy replaces is kept as a backup, or asked about, when that is wanted.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
unset VERSION_CONTROL SIMPLE_BACKUP_SUFFIX
fresh() {
  find . -mindepth 1 -delete
  echo new >new
  echo old >old
  chmod 600 old
}
contents() { head -qn1 "$@" | tr '\n' ' '; }

fresh
inode=$(stat -c %i old)
check "-b keeps what is replaced" ends_with 0 -b new old
check "beside the copy" test "$(contents old old~)" = "new old "
check "as the very file that it was" test "$(stat -c '%i %a' old~)" = "$inode 600"
check "so the copy is like the source" test "$(stat -c %a old)" = "$(stat -c %a new)"
check "a simple backup replaces the one before" ends_with 0 --backup=simple new old
check "and is the only one" test "$(echo old*)" = "old old~"
check "numbered ones are counted" ends_with 0 --backup=numbered new old
check "on" ends_with 0 --backup=t new old
check "from 1" test -e old.~1~ -a -e old.~2~
check "-b goes on with numbers where there are some" ends_with 0 -b new old
check "after the highest" test -e old.~3~
echo x >old.~07~ && echo x >old.~x~ && echo x >old.~9~y
check "and takes no other name for one" ends_with 0 -b new old
check "of them" test -e old.~4~
mkdir counted && echo first >counted/new && touch 'counted/new.~9~' 'counted/new.~18446744073709551615~'
check "a number is as long as it takes" ends_with 0 --backup=numbered new counted
check "to lose nothing" ends_with 0 --backup=numbered new counted
check "of what was there" test "$(contents 'counted/new.~18446744073709551616~' 'counted/new.~18446744073709551617~')" = "first new "
touch 'old.~99999999999999999999~'
check "after nines" ends_with 0 -b new old
check "comes one more digit" test -e 'old.~100000000000000000000~'
rm old.~?????*
run env VERSION_CONTROL=simple SIMPLE_BACKUP_SUFFIX=.bak "$carousel" cp -b new old
check "the environment says how" test $status = 0 -a -e old.bak
check "-S names the end" ends_with 0 -S .orig --backup=simple new old
check "of the name" test -e old.orig
check "which is no path" ends_with 2 -S a/b new old
check "a word that is none is refused" ends_with 2 --backup=often new old
check "in a sentence" says "'often' is not simple, numbered, existing or none"
check "--backup=none is no backup" ends_with 0 -b --backup=none -S .never new old
check "whatever the suffix" not test -e old.never
check "-n excludes -b" ends_with 2 -nb new old

fresh
echo source >old~
check "a backup does not replace the source" ends_with 1 -b old~ old
check "which is said" says "'old~' would be replaced by the backup of 'old'"
check "both are whole" test "$(contents old old~)" = "old source "
ln -s nowhere link && mkfifo fifo
check "a link has a backup" ends_with 0 -b new link
check "and is one there" test -L link~ -a ! -L link
check "so has a FIFO" ends_with 0 -b new fifo
check "which nobody writes to" test -p fifo~ -a -f fifo
mkdir directory
check "a directory has none" ends_with 1 -bT new directory
mkdir -p tree target/tree && echo 1 >tree/a && ln tree/a tree/b && ln -s x tree/l && echo was >target/tree/b && ln -s y target/tree/l
check "hard links and symbolic links too" ends_with 0 -ab tree target
check "keep what they replace" test "$(cat target/tree/b~) $(readlink target/tree/l~)" = "was y"
check "and are what they are" same_content tree/b target/tree/b
long=$(printf "n%.0s" {1..255}) && echo kept >"$long" && echo 1 >number && ln number number.~1~
for how in existing numbered; do
  for options in "" --dry-run; do
    check "a name that is too long for its backup, with --backup=$how $options" ends_with 1 --backup=$how $options new "$long"
    check "has none" says "'$long' cannot have a backup: '$long\(~\|.~1~\)' is longer than a name may be there"
  done
done
check "and stays" test "$(cat "$long")" = kept
mkdir directory~ && echo kept >directory_ && mkdir directory_~
check "so does what cannot have one because a directory has its name" ends_with 1 -b new directory_
check "which is said" says "'directory_' cannot have a backup: 'directory_~' is a directory"
check "in a dry run too" ends_with 1 -b --dry-run new directory_
check "of it" test "$(cat directory_)" = kept
mkdir one two into && echo copied >one/a~ && echo new >two/a && echo was >into/a
check "what was just copied is not replaced by a backup" ends_with 1 -b one/a~ two/a into
check "which is said" says "'into/a~' was just made, and would be replaced by the backup of 'into/a'"
check "and nothing is lost" test "$(contents into/a into/a~)" = "was copied "
mkdir three && echo 3 | tee three/z three/a.~1~ >three/a && echo was | tee into/z >into/a && rm into/a~
check "nor is one that the run itself has brought" ends_with 0 --backup=numbered three/z three/a.~1~ three/a into
check "which is counted with those that were there" test "$(contents into/a into/a.~1~ into/a.~2~ into/z.~1~)" = "3 3 was was "
rm into/a.~* && echo was >into/a && cp one/a~ into
check "what is a backup may have one" ends_with 0 -b two/a one/a~ into
check "of its own" test "$(contents into/a into/a~ into/a~~)" = "new copied was "
chmod 755 . && mkdir -m 1777 shared && echo theirs >shared/file && chmod 666 shared/file
if is_root && "${unprivileged[@]}" "$carousel" --version >out 2>&1; then
  run "${unprivileged[@]}" "$carousel" cp -b new shared/file
  check "where only owners give other names there is no backup" test $status = 1
  check "which is said" says "'shared/file' cannot have a backup: its directory has the sticky bit"
  check "and nothing is left there" test "$(ls -A shared) $(contents shared/file)" = "file theirs "
fi
if is_root && truncate -s 8M image && mkfs.vfat image >/dev/null 2>&1 && mount_new fat -o loop image; then
  echo old >fat/file
  check "where there are no hard links" ends_with 0 -b new fat/file
  check "the old file gets the name" test "$(contents fat/file fat/file~)" = "new old "
  umount fat
fi

fresh
answer() { # ANSWER ARGUMENT...
  "$carousel" cp "${@:2}" <<<"$1" >out 2>err
  status=$?
}
answer n -i new old
check "-i asks" says "^carousel: overwrite 'old'? "
check "and keeps what it is told to" test $status = 0 -a "$(contents old)" = "old "
answer '' -i new old
check "no answer is no" test "$(contents old)" = "old "
"$carousel" cp -i new old </dev/null >out 2>err
check "neither is the end of the input one" test "$(contents old)" = "old "
answer yes -i new old
check "yes is yes" test "$(contents old)" = "new "
answer n -i new absent
check "what replaces nothing is not asked for" test -e absent
check "nor said" not says overwrite
echo old >old
answer y -in new old
check "the last of -i and -n counts" test "$(contents old)" = "old "
answer y -ni new old
check "either way" test "$(contents old)" = "new "
no_leftovers || failures=$((failures + 1))
finish
