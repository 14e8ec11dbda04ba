#!/usr/bin/env bash
# usage: copy_special_test.sh CAROUSEL HELPERS
# FIFOs, sockets and devices are made again by -a, as cp(1) makes them, and never opened.
. "$(dirname "$0")/lib.sh"
abouts() { (cd "$1" && find . -mindepth 1 -exec stat -c '%n %F %a %h %t:%T' {} + | sort); }

umask 027
mkdir special
mkfifo special/fifo
python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("special/socket")'
ln special/fifo special/fifo-too
ln -s fifo special/link
ln special/link special/link-too
# A number that no driver has: whoever opens it fails.
is_root && mknod special/character c 300 7 && mknod special/block b 300 8 && chown 1:2 special/block special/fifo
chmod 4751 special/fifo
setfacl -m u:1:r special/socket 2>/dev/null
touch -h -d @1000000000 special/*

cp -a special kept-by-cp
check "-a keeps them" ends_with 0 -a special kept
check "with owners, modes, lists, times and hard links" same_tree special kept
check "of symbolic links too" test "$(stat -c %h kept/link-too)" = 2
check "as cp does" test "$(abouts kept)" = "$(abouts kept-by-cp)"
check "a copy can be repeated" ends_with 0 -a special/. kept
check "and is the same" same_tree special kept
check "which is counted" ends_with 0 -a --json special counted
check "by kind" test "$(json out 'o["special_files"] + o["hard_links"] + o["symlinks"]')" = "$(find special -mindepth 1 | wc -l)"
check "one may be named" ends_with 0 -a special/fifo named
check "and is one" test -p named

check "without -a it is an error" ends_with 1 -r special/fifo read
check "that says what to do" says "'special/fifo' is a FIFO, a socket or a device, whose content need not end; -a makes another"
check "and nothing is there" not test -e read
mkdir -p taken/fifo taken2 && echo old >taken2/fifo && ln -s nowhere taken2/socket && mkfifo taken2/link
check "a directory in the way stays" ends_with 1 -aT special taken
check "which is said" says "'taken/fifo' is a directory, which is not replaced"
check "a file or a link in the way is replaced" ends_with 1 -aT special taken2
check "by the FIFO and the socket" test -p taken2/fifo -a -S taken2/socket
check "a FIFO in the way of a link stays" test -p taken2/link
check "which is said" says "'taken2/link' is a device, a FIFO or a socket, which is neither replaced nor written to"
check "-n keeps what is there" ends_with 0 -an special/fifo taken2/link
mkdir -p one/d two/d && mkfifo one/d/x && ln -s first one/d/y && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("two/d/x")' && ln -s second two/d/y
mkdir both
check "special files of one name in directories of one name do not merge" ends_with 1 -a one/d two/d both
check "the first is kept" test -p both/d/x -a "$(readlink both/d/y)" = first
check "which is said of a special file" says "'two/d/x' would overwrite 'both/d/x', which was just made"
check "and of a link" says "'two/d/y' would overwrite 'both/d/y', which was just made"

mkdir sources && echo x >sources/file && mkfifo sources/fifo
chmod -R a+rX . && mkdir dropbox && chmod 300 dropbox
if is_root; then
  mknod sources/device c 300 7
  chown "$own_user" dropbox
fi
as_user=("${unprivileged[@]}" "$carousel" cp)
run "${as_user[@]}" -a --sync sources dropbox
if is_root; then
  check "a user makes no device" test $status = 1
  check "which is said" says "cannot make the device 'dropbox/sources/device': Operation not permitted"
else
  check "a user makes FIFOs" test $status = 0
fi
check "and has the rest" test -p dropbox/sources/fifo -a -f dropbox/sources/file
check "in a directory that he may not read, made durable" not says "cannot sync"
no_leftovers || failures=$((failures + 1))

# What is refused at the end does not count.
if [[ -x ${helpers:-}/refuse_calls ]] && "$helpers/refuse_calls" EPERM linkat true; then
  run "$helpers/refuse_calls" EPERM linkat "$carousel" cp --json sources/file unnamed
  check "bytes of a file that got no name are not counted" test "$(json out 'o["files"], o["bytes"]')" = "(0, 0)"
fi
finish
