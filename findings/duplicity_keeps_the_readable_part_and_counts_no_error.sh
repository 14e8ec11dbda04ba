#!/usr/bin/env bash
# duplicity keeps the part of a file before an unreadable block as the file, exits with 0 and reports "Errors 0".
#
# One would guess: a file that cannot be read is left out, or the backup fails, or it ends as with borg and restic: a warning and a
# status that says so. A restore that succeeds gives files as they were.
# What happens: the part that could be read goes into the backup as a whole file. A line "Error ... getting delta" stands among the output;
# the statistics say "Errors 0", and the status is 0. The restore makes the short file and exits with 0. rdiff-backup prints a
# warning, leaves the file out of the new backup, and exits with 0 too.
# For whom it matters: who runs either from cron or a timer and looks at the status: on a disk that begins to fail, each nightly
# backup is a success, until the last good chain of backups is removed as too old.
# What follows for our users: look for "Error" and "WARNING" in the output, as the status is no answer. Copy such a disk first by
# something that fails when it cannot read (`carousel cp`, status 1), and back up the copy when that succeeded.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages duplicity=0.8.22-1+b3 python3-fasteners=0.17.3-2 python3-future=0.18.2-6 python3-lockfile=1:0.12.2-2.2 python3-monotonic=1.6-2 \
  librsync2=2.3.2-1+b1 libb2-1=0.98.1-1.1 rdiff-backup=2.2.2-1 python3-yaml=6.0-3+b2 btrfs-progs=6.2-1+deb12u2
duplicity() { /usr/bin/python3 "$root/usr/bin/duplicity" "$@" --no-encryption; }
rdiff_backup() { /usr/bin/python3 "$root/usr/bin/rdiff-backup" "$@"; }
echo "version    $(/usr/bin/python3 "$root/usr/bin/duplicity" --version), $(rdiff_backup --version), Linux $(uname -r)"
export HOME=$folder

# A file of letters on a btrfs, with one of its blocks changed below, so that the checksum makes reading it an I/O error.
mkdir mounted
truncate --size 320M disk
mkfs.btrfs -q --data single disk >words 2>&1
mount -o loop disk mounted
mkdir mounted/data
seq --format 'row %08.0f of the table' 1 120000 >mounted/data/table
echo whole >mounted/data/zebra
umount mounted
sed -i 's/row 00060000 of the table/row 00060000 of the tabel/' disk
mount -o loop disk mounted
cat mounted/data/table >part 2>words && status=0 || status=$?
expect "exit status of cat" "$status" 1

duplicity full mounted/data "file://$folder/backup" >words 2>&1 && status=0 || status=$?
expect "exit status of duplicity" "$status" 0
expect "its count of errors" "$(grep '^Errors' words)" "Errors 0"
expect "its lines about it" "$(grep -c 'getting delta' words)" 2
duplicity restore "file://$folder/backup" back >words 2>&1 && status=0 || status=$?
expect "exit status of the restore" "$status" 0
expect "the file, whole and restored" "$(stat --format %s mounted/data/table) and $(stat --format %s back/table)" "3120000 and 1507328"

rdiff_backup backup mounted/data mirror >words 2>&1 && status=0 || status=$?
expect "exit status of rdiff-backup" "$status" 0
expect "its words" "$(grep -o 'UpdateError.*' words)" "UpdateError: 'table' [Errno 5] Input/output error"
expect "files in its backup" "$(cd mirror && echo [a-q]* [s-z]*)" "[a-q]* zebra"
