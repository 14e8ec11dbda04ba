#!/usr/bin/env bash
# usage: copy_attributes_test.sh CAROUSEL
# What of files and directories `carousel cp` keeps besides their content.
. "$(dirname "$0")/lib.sh"
umask 022
mode() { stat -c %a "$1"; }

mkdir s
for m in 600 644 755 400 4755 2755 1644 777; do
  echo $m >s/$m
  chmod $m s/$m
done
mkdir s/shut s/open s/sticky
echo in >s/shut/in
chmod 500 s/shut
chmod 777 s/open
chmod 1775 s/sticky
touch -h -d '2002-02-02 02:02:02.2' s/600
ln -s 600 s/link
touch -h -d '2003-03-03 03:03:03.3' s/link
touch -d '2004-04-04 04:04:04.4' s/shut s/open

check "-r copies" ends_with 0 -r s r
check "a copy has no special bits" test "$(mode r/4755) $(mode r/2755) $(mode r/1644)" = "755 755 644"
check "but a directory keeps the sticky one" test "$(mode r/sticky)" = 1755
check "its mode is under the umask" test "$(mode r/777) $(mode r/open) $(mode r/600)" = "755 755 600"
check "a directory is as shut as it was" test "$(mode r/shut)" = 500
check "times are those of the copy" test r/600 -nt s/600
check "-p keeps modes" ends_with 0 -rp s p
for m in 600 644 755 400 4755 2755 1644 777; do check "mode $m" test "$(mode p/$m)" = $m; done
check "of directories too" test "$(mode p/shut) $(mode p/open) $(mode p/sticky)" = "500 777 1775"
check "modes, times, links: rsync finds no difference" same_tree s p
check "the time of a link is kept" test "$(stat -c %Y p/link)" = "$(stat -c %Y s/link)"
check "to the nanosecond" test "$(stat -c %y p/600)" = "$(stat -c %y s/600)"
check "into an existing directory -p brings the attributes" ends_with 0 -rp s/open r
check "there too" test "$(mode r/open)" = 777

mkdir setgid && chmod 2775 setgid
check "a directory made in a setgid directory" ends_with 0 -r s/open s/shut setgid
check "is one too" test "$(mode setgid/open) $(mode setgid/shut)" = "2755 2500"

if command -v setfacl >/dev/null && setfacl -m u:1234:r s/644 2>/dev/null; then
  setfacl -m d:u:1234:rwx s/open
  mkdir q giving && setfacl -m d:u:4321:rwx giving
  check "-a keeps access control lists" ends_with 0 -a s a
  check "of files" diff <(getfacl -c s/644) <(getfacl -c a/644)
  check "of directories" diff <(getfacl -c s/open) <(getfacl -c a/open)
  check "-a in a directory that gives access away" ends_with 0 -a s/600 s/644 s/sticky giving
  check "gives no more than the original did" diff <(getfacl -c s/600) <(getfacl -c giving/600)
  check "of what has a list of its own" diff <(getfacl -c s/644) <(getfacl -c giving/644)
  check "of directories" diff <(getfacl -c s/sticky) <(getfacl -c giving/sticky)
  rm -rf giving/600
  check "-p neither" ends_with 0 -p s/600 giving
  check "gives more" diff <(getfacl -c s/600) <(getfacl -c giving/600)
  check "-p keeps access control lists" ends_with 0 -rp s/644 s/open q/
  check "of files" diff <(getfacl -c s/644) <(getfacl -c q/644)
  check "of directories" diff <(getfacl -c s/open) <(getfacl -c q/open)
  echo secret >masked && chmod 600 masked && setfacl -m u:1234:rwx,g::---,m::rwx masked
  check "a mask" ends_with 0 -p masked q
  check "is no permission of the group" diff <(getfacl -c masked) <(getfacl -c q/masked)
  if is_root && mount_new ram -t ramfs ramfs; then
    for how in -p -a; do
      rm -f ram/masked
      check "$how where no list can be kept" ends_with 1 $how masked ram
      check "says so" says "cannot keep the access control list of 'ram/masked': Operation not supported"
      check "copies" cmp masked ram/masked
      check "and lets nobody in" test "$(mode ram/masked)" = 600
    done
    umount ram
  fi
  check "without -p the directory decides" ends_with 0 s/755 giving
  check "as for any new file" grep -q user:4321:rwx <(getfacl -c giving/755)
else
  echo "SKIPPED: no access control lists here"
fi
if command -v setfattr >/dev/null && setfattr -n user.a -v 'v' s/755 2>/dev/null; then
  setfattr -n user.big -v "$(printf 'b%.0s' {1..3000})" s/755
  setfattr -n user.empty s/755
  setfattr -n user.d -v 'of a directory' s/shut 2>/dev/null || setfattr -n user.d -v 'of a directory' s/open
  chmod 500 s/shut
  echo only >s/444 && setfattr -n user.ro -v 'of a file that may not be written to' s/444 && chmod 444 s/444
  check "-a keeps extended attributes" ends_with 0 -a s x
  check "all of them" same_tree s x
  check "-p does not" ends_with 0 -p s/755 without
  check "keep them" test -z "$(getfattr --absolute-names -m user -d without)"
  if is_root && mount_new ram -t ramfs ramfs; then
    setfacl -bR s 2>/dev/null
    check "where they cannot be kept" ends_with 0 -a s ram/x
    check "that is said" says 'note: extended attributes user.\* are not kept: the file system does not take them'
    check "once" test "$(grep -c note: err)" = 1
    check "and the content is the same" same_content s ram/x
    umount ram
  fi
  if is_root && setfattr -h -n trusted.mine -v x s/link 2>/dev/null; then
    for name in trusted.SGI_ACL_FILE trusted.overlay.origin trusted.overlay.opaque; do setfattr -n $name -v y s/600; done
    check "-a keeps extended attributes of links" ends_with 0 -a s trusted
    check "too" grep -q 'trusted.mine="x"' <(getfattr -h -m - -d trusted/link)
    check "and those that mean something elsewhere" test "$(getfattr -m - trusted/600 | grep ^trusted)" = trusted.overlay.opaque
  fi
else
  echo "SKIPPED: no extended attributes here"
fi

mkdir h h/sub
head -c 300000 /dev/urandom >h/first
for i in {1..40}; do ln h/first "h/$i" && ln h/first "h/sub/$i"; done
echo other >h/other && ln h/other h/sub/other
check "-a copies a file of many names" ends_with 0 -a --json h links
check "once" test "$(json out 'o["files"], o["hard_links"], o["bytes"]')" = "(2, 81, 300006)"
check "to which all names lead" test "$(stat -c %h links/first) $(stat -c %h links/sub/other)" = "81 2"
check "across sources" ends_with 0 -a h/first h/sub/7 setgid
check "too" test setgid/first -ef setgid/7
check "again into the copy" ends_with 0 -a h/. links
check "they stay together" test "$(stat -c %h links/first)" = 81
check "-r makes a copy of each name" ends_with 0 -r h apart
check "on its own" test "$(stat -c %h apart/first)" = 1

if is_root; then
  mkdir o && echo x >o/file && chown 1234:5678 o o/file && ln -s file o/link && chown -h 1234:5678 o/link
  chmod 4711 o/file
  check "-a keeps owners" ends_with 0 -a o owned
  check "of files, with the bits that an owner change takes" test "$(stat -c '%u %g %a' owned/file)" = "1234 5678 4711"
  check "of directories and links" test "$(stat -c '%u %g' owned owned/link | sort -u)" = "1234 5678"
  check "without -p they are one's own" ends_with 0 -r o own
  check "all of them" test "$(stat -c '%u' own own/file)" = $'0\n0'
  echo y >shared && chown 0:5678 shared && chmod 2755 shared && chmod 755 . && mkdir theirs && chown 65534 theirs
  run setpriv --reuid=65534 --regid=65534 --groups=5678 --bounding-set=-all --inh-caps=-all cat "$carousel"
  if [[ $status -eq 0 ]]; then
    run setpriv --reuid=65534 --regid=65534 --groups=5678 --bounding-set=-all --inh-caps=-all "$carousel" cp -p shared theirs
    check "a member of the group who may not give files away" test $status = 0
    check "keeps the group, without special bits" test "$(stat -c '%u %g %a' theirs/shared)" = "65534 5678 755"
    check "and is told" says "^carousel: note: owners are not kept: that needs more privileges"
    check "of the owner only" test "$(wc -l <err)" = 1
  fi
  if command -v setcap >/dev/null && setcap cap_net_raw+ep o/file 2>/dev/null; then
    check "-a keeps capabilities" ends_with 0 -a o capable
    check "of files" test "$(getcap capable/file | cut -d' ' -f2)" = "$(getcap o/file | cut -d' ' -f2)"
  fi
else
  check "who may not give files away keeps them, without special bits" ends_with 0 -p /bin/su su
  check "they are lost" test "$(mode su)" = 755
  check "and that is said" says "note: owners are not kept"
fi
check "no temporary file is left" no_leftovers
finish
