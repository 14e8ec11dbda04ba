#!/usr/bin/env bash
# `tar --sparse` archives a full disk as nothing but zeros, and exits with 0.
#
# One would guess: --sparse asks the file system where the holes are (SEEK_HOLE), or looks for zeros in what it has read; at
# worst the archive is larger than it had to be.
# What happens: before either, GNU tar looks at st_blocks. A file with a size and no blocks is taken for one large hole; nothing
# of it is read. FUSE servers may leave st_blocks at 0, and nbdfuse, which shows a network block device as a file, does. The
# archive restores to a file of the right size, all zeros. Nothing is printed.
# For whom it matters: who backs up disks through nbdfuse, or any FUSE file system whose author forgot one field of stat.
# What follows for our users: st_blocks may say how large a copy will be, never what is in the file. A copier must read a file
# that claims a size and no blocks, and a backup is good when its content was compared, not when tar was content.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages tar=1.34+dfsg-1.2+deb12u1 libnbd-bin=1.14.2-1 libnbd0=1.14.2-1 nbdkit=1.32.5-1 libfuse3-3=3.14.0-4
echo "version    $(tar --version | head -1), $(nbdfuse --version | head -1)"

head -c 1M /dev/urandom >disk
mkdir shown restored
plugin=$root/usr/lib/x86_64-linux-gnu/nbdkit/plugins/nbdkit-file-plugin.so
nbdfuse shown/disk --command nbdkit --stdin --exit-with-parent "$plugin" disk &
until_there test -e shown/disk

expect "cmp of the disk and its file in nbdfuse" "$(cmp disk shown/disk && echo same)" same
expect "bytes and blocks that stat tells" "$(stat --format '%s %b' shown/disk)" "1048576 0"
tar --create --file plain.tar -C shown disk
tar --create --sparse --file sparse.tar -C shown disk && status=0 || status=$?
expect "exit status of tar --create --sparse" "$status" 0
expect "bytes of the archive without --sparse" "$(stat --format %s plain.tar)" 1054720
expect "bytes of the archive with --sparse" "$(stat --format %s sparse.tar)" 10240
tar --extract --file sparse.tar -C restored
expect "bytes restored that are not zero" "$(tr -d '\0' <restored/disk | wc -c)" 0
umount shown
