#!/usr/bin/env bash
# rename(2) and link(2) within one xfs fail with EXDEV when the folders belong to different projects, with no quota in force.
#
# One would guess: EXDEV is for two file systems. Where st_dev is the same, a rename works, is done in one step and costs nothing.
# What happens: a folder of xfs may have a project number that new files inherit (chattr +P), which is how directories get quotas.
# Nothing can be moved or linked into it from a folder with another number; the kernel says EXDEV, whether the file system is mounted
# with quotas or not. stat, the table of mounts and df show one file system. `mv` removes the old target and then copies: no
# step is atomic any more, at a crash the target is gone or half there, and a large file takes its time and its space twice.
# For whom it matters: programs that write to a folder "tmp" or "incoming" and publish by rename; stores that link equal files;
# container hosts, where each volume or layer on xfs has a project.
# What follows for our users: write the new file in the folder where it is to be, as `carousel cp` does, and take EXDEV for an
# answer of rename alone: st_dev does not foretell it. lsattr -p shows the numbers.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages xfsprogs=6.1.0-1 libinih1=55-1 liburcu8=0.13.2-1 e2fsprogs=1.47.0-2+b2 strace=6.1-0.1 coreutils=9.1-1
echo "version    $(mkfs.xfs -V), Linux $(uname -r)"

truncate -s 320M disk
mkfs.xfs -q disk
mkdir mounted
mount -o loop disk mounted
echo "           mounted: $(findmnt -no OPTIONS mounted)"
mkdir mounted/incoming mounted/published
echo new >mounted/incoming/file
echo old >mounted/published/file
# moved: what becomes of moving the file by rename alone, and of a link.
moved() {
  python3 - <<'PY'
import os

def outcome(call, target):
    try:
        call("mounted/incoming/file", target)
        return "done"
    except OSError as error:
        return error.strerror

print("link: " + outcome(os.link, "mounted/published/link"), "rename: " + outcome(os.rename, "mounted/published/file"), sep=", ")
PY
}
expect "devices of the two folders" "$(stat --format %d mounted/incoming mounted/published | sort -u | wc -l)" 1
expect "from one to the other" "$(moved)" "link: done, rename: done"
rm mounted/published/link
chattr -p 7 mounted/published
chattr +P mounted/published
echo new >mounted/incoming/file
expect "devices, when one has a project" "$(stat --format %d mounted/incoming mounted/published | sort -u | wc -l)" 1
expect "from one to the other" "$(moved)" "link: Invalid cross-device link, rename: Invalid cross-device link"
strace -qq -e trace=rename,renameat,renameat2,unlinkat,openat -o calls mv mounted/incoming/file mounted/published/file
grep mounted calls | sed 's/^/           /'
expect "times that mv removed the old one before it copied" "$(grep -c "^unlinkat.*published/file" calls)" 1
umount mounted
