#!/usr/bin/env bash
# usage: copy_names_test.sh CAROUSEL
# Where `carousel cp` puts copies, what it refuses to touch, and how it speaks of names.
. "$(dirname "$0")/lib.sh"

fresh() {
  chmod -R u+rwx . 2>/dev/null
  find . -mindepth 1 -delete
  echo one >one
  echo two >two
  mkdir -p tree/sub into
  echo inside >tree/sub/file
}
content() { [[ $(cat "$1") == "$2" ]]; }

fresh
check "a file gets the name that is said" ends_with 0 one three
check "and its content" content three one
check "into a directory it keeps its name" ends_with 0 one two into
check "each of several" content into/two two
check "several files need a directory" ends_with 1 one two three
check "and nothing is touched" content three one
check "-t names the directory first" ends_with 0 -t into one
check "-t wants a directory that exists" ends_with 1 -t nowhere one
check "-T makes the copy itself" ends_with 0 -rT tree into
check "and not one inside" test -e into/sub/file -a ! -e into/tree
check "-T takes one source" ends_with 1 -rT one two into
check "a directory without -r is refused" ends_with 1 tree elsewhere
check "by name" says "'tree' is a directory; -r or -a"
check "a new directory may be written with a slash" ends_with 0 -r tree/ new/
check "and becomes the copy" content new/sub/file inside
check "a file does not become a directory" ends_with 1 one missing/
check "nor is it made" not test -e missing
check "the content of . goes into the target" ends_with 0 -r tree/. into
check "itself" content into/sub/file inside
mkdir other && echo other >other/one
check "two files of one name do not overwrite each other" ends_with 1 one tree/sub/file other/one into
check "the second is refused" says "which was just made"
check "a missing source does not stop the others" ends_with 1 missing one into/last
fresh
check "a missing source is reported" ends_with 1 missing one into
check "by name" says "cannot read 'missing'"
check "and the rest is copied" content into/one one
check "-n keeps what exists" ends_with 0 -n two into/one
check "as it was" content into/one one
check "-n copies what does not exist" ends_with 0 -rn tree into
check "completely" content into/tree/sub/file inside
check "-v names each file" ends_with 0 -v one into/verbose
check "as it was and is" grep -qx "'one' -> 'into/verbose': .*" out
check "-f and -P are known" ends_with 0 -fP one into

fresh
ln one hard
ln -s one soft
ln -s nowhere dangling
ln -s into soft-into
for name in one ./one hard soft "$PWD/one" into/../one; do
  check "a file is not copied to itself as $name" ends_with 1 one "$name"
done
check "and is whole" content one one
check "a link is not copied to its target" ends_with 1 soft one
check "which is whole" content one one
check "a hard link to the source is left alone" content hard one
check "a symbolic link that is named is followed" ends_with 0 soft followed
check "to its content" test -f followed -a ! -L followed
check "and copied as one with -P" ends_with 0 -P soft soft2
check "to where it led" test "$(readlink soft2)" = one
check "a link at the target is replaced, not followed" ends_with 0 two soft2
check "what it led to is untouched" content one one
check "a dangling link at the target is replaced" ends_with 0 two dangling
check "and nothing appears behind it" not test -e nowhere
check "a link to a directory is a directory to copy into" ends_with 0 two soft-into
check "as cp does it" content into/two two
mkdir -p clash/one
check "a file does not replace a directory" ends_with 1 one clash
check "a directory does not replace a file" ends_with 1 -rT tree one
check "which is whole" content one one
mkdir outside && ln -s ../outside into/sub
check "a link is in the way of a directory" ends_with 1 -r tree/sub into
check "and nothing goes through it" test -z "$(ls outside)"
check "a directory is not copied into itself" ends_with 1 -r tree tree/sub
check "nor onto itself" ends_with 1 -r tree .
check "nor under another name of it" ends_with 1 -r . into
check "nothing was made there" test "$(find tree | wc -l)" = 3

fresh
mkfifo fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
for special in fifo socket /dev/zero /dev/null; do
  check "$special is refused" ends_with 1 "$special" special
  check "and nothing is made" not test -e special
done
check "writing to a device is not copying" ends_with 1 one /dev/null/x
if is_root; then
  mount_new bound --bind tree && {
    check "a bind mount of the source is the source" ends_with 1 -r tree/. bound
    check "also for a file in it" ends_with 1 tree/sub/file bound/sub/file
    check "which is whole" content tree/sub/file inside
    umount bound
    mkdir tree/loop && mount --bind tree tree/loop && mounts+=("$dir/tree/loop")
    check "a mount that leads back does not go on for ever" ends_with 1 -r tree looped
    umount tree/loop
  }
else
  mkdir locked && chmod 555 locked
  check "a directory that one may not write to is reported" ends_with 1 one locked
  check "by name" says "'locked/one'"
  chmod 000 two
  check "a file that one may not read is reported" ends_with 1 two one into
  check "and the rest copied" content into/one one
fi

fresh
echo x >$'new\nline'
echo x >$'esc\e[31m'
echo x >$'bad-\xff'
echo x >"it's"
mkfifo $'f\tifo'
check "names of all kinds are spoken of" ends_with 1 -v $'new\nline' $'esc\e[31m' $'bad-\xff' "it's" $'f\tifo' tree into
check "a line end is no line end" grep -qF "\$'new\\nline' -> \$'into/new\\nline': " out
check "an escape does not reach the terminal" grep -qF "\$'esc\\033[31m'" out
check "bytes that are no text are told" grep -qF "\$'bad-\\377'" out
check "a quote is one" grep -qF "\$'it\\'s'" out
check "in errors too" says "\\\$'f\\\\tifo' is a FIFO"

check "--json is one object on stdout" ends_with 1 --json missing one tree/sub/file into
check "and only that" is_one_json_object out
check "with the errors" test "$(json out 'o["error_count"], o["files"], o["status"]')" = "(1, 2, 1)"
check "without arguments it says what is missing" ends_with 2
check "so it does with one" ends_with 2 one
check "an unknown option is a usage error" ends_with 2 --nonsense one two
for option in -l -s -Z -c --preserve=mode \
  --link --symbolic-link --attributes-only --remove-destination; do
  check "$option is refused" ends_with 2 -a "$option" one two
  check "by its name and with a reason" says "^carousel: cp ${option%%=*} is not supported: "
done
check "letters together too" ends_with 2 -al one two
check "by the right one" says "cp -l is not supported"
check "names after -- are no options" ends_with 1 -- -u two into
check "what follows -t is no option" ends_with 0 -tinto one
check "no temporary file is left" no_leftovers
finish
