#!/usr/bin/env bash
# usage: copy_target_test.sh CAROUSEL
# What is at the target: what a copy keeps of it, what it refuses to touch, and in which order operands meet there.
. "$(dirname "$0")/lib.sh"
content() { [[ $(cat "$1") == "$2" ]]; }
about() { stat -c '%a %u:%g' "$1"; }
fresh() {
  chmod -R u+rwx . 2>/dev/null
  find . -mindepth 1 -delete
  echo new >new
  mkdir into
}

fresh
echo secret >kept && chmod 600 kept && setfacl -m u:1:r kept 2>/dev/null
before=$(getfacl -nc kept 2>/dev/null)
check "a plain copy onto a file" ends_with 0 new kept
check "brings the content" content kept new
check "and keeps its mode and access list" test "$(getfacl -nc kept 2>/dev/null)" = "$before"
is_root && chown 1:2 kept && chmod 640 kept
before=$(about kept)
check "the same of a file of others" ends_with 0 new kept
check "whose owner stays" test "$(about kept)" = "$before"
setfattr -n user.mark -v x kept 2>/dev/null && {
  check "and of one with extended attributes" ends_with 0 new kept
  check "which stay" test "$(getfattr --only-values -n user.mark kept 2>/dev/null)" = x
}
chmod 640 new
check "-p brings the mode of the source" ends_with 0 -p new into/new
check "as it says" test "$(about into/new)" = "$(about new)"

fresh
mkfifo fifo
ln -s fifo to-fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
special=(fifo to-fifo socket)
is_root && mknod null c 1 3 2>/dev/null && special+=(null)
for name in "${special[@]}"; do
  was=$(stat -c %F "$name")
  check "$name is not written to" ends_with 1 new "$name"
  check "which is said" says "is a device, a FIFO or a socket, which is neither replaced nor written to; write to it with dd"
  check "and it stays" test "$(stat -c %F "$name")" = "$was"
done

fresh
ln -s circle circle
ln -s "$(printf 'n%.0s' {1..300})" long
mkdir -p tree && echo of-tree >tree/circle && cp -P circle tree/long
check "a link that leads in a circle is replaced" ends_with 0 new circle
check "by the file" content circle new
check "so is one whose text is longer than a name" ends_with 0 -P tree/long long
check "by the link" test "$(readlink long)" = circle
ln -sf long long
check "neither is a directory to copy into" ends_with 1 -t long new
check "which is said" says "cannot copy into 'long': Too many levels of symbolic links"

fresh
mkdir -p tree/name && echo old >file && mkdir target && echo old >target/name && ln -s into link
check "a directory does not replace a file" ends_with 1 -r tree file
check "which is said of both" says "'tree' is a directory, which does not replace 'file'"
check "nor in a tree" ends_with 1 -r tree/. target
check "nor a link" ends_with 1 -rT tree link
check "which is said too" says "'tree' is a directory, which does not replace 'link'"
check "all are as they were" test "$(cat file target/name)" = $'old\nold' -a -L link
check "a file is not put in place of a directory, which -n keeps" ends_with 0 -nT new into
check "and of a link to one neither" ends_with 1 -T new link
check "which is said" says "'link' is a link to a directory, which is not replaced by a file"
check "-n keeps what is the very file" ends_with 0 -n new new
check "and counts it" grep -q "1 kept" out

fresh
mkdir -p p/share q/share
echo 1 >p/share/one
echo 2 >q/share/two
check "two directories of one name merge" ends_with 0 -r p/share q/share into
check "all files of both" test -e into/share/one -a -e into/share/two
echo other >q/share/one && rm -r into/share
check "their files do not" ends_with 1 -r p/share q/share into
check "which is said" says "'q/share/one' would overwrite 'into/share/one', which was just made"
check "the first is kept" content into/share/one 1
for ((i = 0; i < 5; ++i)); do
  rm -r into && mkdir into
  head -c 1000000 /dev/zero >p/share/one
  ends_with 0 -r p/share/. q/share/. into && content into/one other || break
done
check "what comes later out of SRC/. replaces what came before" test $i = 5
rm -r into && mkdir into
check "under -n the first stays" ends_with 0 -rn q/share/. p/share/. into
check "whole" content into/one other
touch -d 2001-02-03 q/share
rm -r into && mkdir into
check "directory times survive what lands before" ends_with 0 -a p/share/one q/share/. into
check "in the order of the operands" test "$(stat -c %Y into)" = "$(stat -c %Y q/share)"
ln -sfn into leads && ln -sfn /dev/null mask && mkdir links && cp -P leads mask links
rm -r into && mkdir into
check "links to directories and devices are copied" ends_with 0 -a links into
check "and again" ends_with 0 -a links into
check "to where they led" test "$(readlink into/links/leads into/links/mask | tr '\n' ' ')" = "into /dev/null "
check "a file does not take the place of a link to a directory" ends_with 1 -T new leads
check "which is said" says "'leads' is a link to a directory, which is not replaced"
check "a source that is named twice" ends_with 0 new ./new into
check "is copied once, and said" says "'./new' is named more than once"

is_root || finish
fresh
echo old >bound && echo below >below
mount --bind below bound && mounts+=("$dir/bound") && {
  check "a file that something is mounted on is written to" ends_with 0 new bound
  check "which is said" says "written in place"
  check "and has the content" content below new
  umount bound
}
echo old >append
if chattr +a append 2>/dev/null; then
  check "an append-only file is refused" ends_with 1 new append
  check "with what to do" says "'append' is append-only; .chattr -a."
  chattr -a append && chattr +i append
  check "an immutable one too" ends_with 1 new append
  check "with what to do too" says "'append' is immutable; .chattr -i."
  chattr -i append
  check "both stay" content append old
fi
mkdir shut && echo old >shut/file && ln -s file shut/link
ln -s nowhere dangling
mkdir -p more/sub && echo more >more/file && ln -s file more/link && echo x >more/sub/x
if chattr +i shut 2>/dev/null; then
  check "nothing is made in an immutable directory" ends_with 1 new shut/
  check "which is said with what to do" says "'shut/new' cannot be made: its directory is immutable; .chattr -i."
  check "a directory neither" ends_with 1 -r more/sub shut
  check "which is said too" says "'shut/sub' cannot be made: its directory is immutable"
  check "a link neither" ends_with 1 -P dangling shut
  check "also not" says "'shut/dangling' cannot be made"
  check "a file there is written to in place" ends_with 0 new shut/file
  check "whole" content shut/file new
  chattr -i shut && chattr +a shut
  check "an append-only directory takes new names" ends_with 0 -r more/sub shut
  check "and nothing is missing" content shut/sub/x x
  check "a file there is written to in place" ends_with 0 more/file shut
  check "whole" content shut/file more
  check "a link there stays" ends_with 1 -P more/link shut
  check "which is said" says "'shut/link' cannot be replaced in an append-only directory; .chattr -a."
  ln more/file more/same
  check "names of one file" ends_with 0 -a more/file more/same shut
  check "also where one was there" content shut/same more
  echo new >more/file
  check "are written in place when both were" ends_with 0 -a more/file more/same shut
  check "once" test shut/file -ef shut/same
  check "with nothing temporary" no_leftovers
  chattr -a shut && chattr +i shut
  check "a directory that takes no attributes" ends_with 1 -aT more/sub shut
  chattr -i shut
  check "is told of once" test "$(grep -c "'shut'" err)" = 1
  check "with what to do" says "'shut' keeps the attributes that it has: it is immutable; .chattr -i."
  rm shut/same && chattr +i shut/file
  check "an immutable file in a tree is refused" ends_with 1 -rT more shut
  check "with what to do" says "'shut/file' is immutable; .chattr -i."
  check "and the rest is copied" content shut/same new
  chattr -i shut/file
fi
mkdir locked && echo old >locked/file && chmod 666 locked/file && chmod 755 locked . && chmod 644 new
cp "$carousel" ./program && chmod 755 program
as_65534() {
  LD_LIBRARY_PATH=$(dirname "$carousel")/../src run setpriv --reuid=65534 --regid=65534 --clear-groups ./program cp "$@"
}
as_65534 new locked/file
check "a file that may be written in a directory that may not" test $status = 0
check "is written in place" content locked/file new
check "and stays whose it was" test "$(about locked/file)" = "666 0:0"
chmod 777 locked && chmod 644 locked/file && : >empty && chmod 644 empty
as_65534 new locked/file
check "a file of others that may not be written to stays" test $status = 1 -a "$(cat locked/file)" = new
check "which is said" says "cannot create 'locked/file': Permission denied"
echo newer >newer && chmod 600 newer
as_65534 -n newer locked/file
check "-n needs no source that can be read where there is something" test $status = 0
chmod 644 newer
as_65534 -f newer locked/file
check "-f replaces it" content locked/file newer
check "by a new one" test "$(about locked/file)" = "644 65534:65534"
chmod 2775 locked/file
as_65534 empty locked/file
check "a file that is written to loses its set-group-ID bit, if nothing is written too" test "$(about locked/file)" = "775 65534:65534"
if setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 locked/file 2>/dev/null; then
  check "and its capabilities" ends_with 0 empty locked/file
  check "whoever writes" test -z "$(getfattr -m security.capability locked/file)"
fi
check "no temporary file is left" no_leftovers
finish
