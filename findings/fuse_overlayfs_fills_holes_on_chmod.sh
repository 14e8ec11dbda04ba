#!/usr/bin/env bash
# In a container without root, `chmod` of a sparse file allocates all of it.
#
# One would guess: changing a mode changes a mode. An overlay has to copy the file up first, but a copy of a sparse file is
# sparse, as the kernel's own overlay makes it.
# What happens: fuse-overlayfs, the storage of rootless podman and buildah where the kernel's overlay is not to be had, copies
# up without looking for holes. A file of 64 MiB with one block in it takes 64 MiB after chmod, chown, or the first byte
# written.
# For whom it matters: who has sparse files in images: databases' preallocated maps, VM images, /var/log/lastlog of a user with
# a large number. A disk fills because of a chmod, and stays full: the layer that is committed has the zeros in it.
# What follows for our users: copy sparse files into a volume instead of changing them in the layer, and look at `du`, not `ls`,
# after a build step. A copy made from there by holes alone is as large as the zeros.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages fuse-overlayfs=1.10-1 libfuse3-3=3.14.0-4
echo "version    $(fuse-overlayfs --version 2>&1 | grep -o 'fuse-overlayfs.*')"

mkdir lower upper work merged
head -c 4K /dev/urandom >lower/map
truncate -s 64M lower/map
fuse-overlayfs -o "lowerdir=$folder/lower,upperdir=$folder/upper,workdir=$folder/work" merged 2>complaints
expect "KiB allocated before" "$(du -k lower/map | cut -f1)" 4
chmod 640 merged/map
expect "KiB allocated after chmod, 65536 or a block more" "$(($(du -k upper/map | cut -f1) >= 65536))" 1
expect "content" "$(cmp lower/map merged/map && echo same)" same
umount merged
