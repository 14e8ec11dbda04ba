#!/usr/bin/env bash
# On mergerfs with moveonenospc, when one writer fills the disk, what another writes to the same file and syncs is lost.
#
# One would guess: the option lets a file that outgrows its disk go on on another one. Programs see one file before and after; a
# descriptor is a descriptor of that file, so that what it writes is in it.
# What happens: mergerfs copies the file to another disk, puts the copy into its place for the descriptor whose write failed, and
# removes the original. Other descriptors of the same file, also those of other processes, stay with the removed original: their
# writes and fsync succeed, and are gone with the last close. Those of the one that moved are all there. The original keeps its place
# on the full disk until then.
# For whom it matters: who pools disks and lets several workers append to one log, records to a file while another process writes its
# index or marks, or downloads a file in parts by several processes. It is the disk that becomes full that starts it, months later.
# What follows for our users: leave moveonenospc off, as it is by default, under files with more than one writer, and set minfreespace to
# more than the largest of them grows to. A copier that writes through one descriptor is safe; compare what others wrote at once.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
own_mounts

packages mergerfs=2.33.5-1
echo "version    $(mergerfs --version | head -1), Linux $(uname -r)"

cat >writers.py <<'PY'
import os

def write(file, data, place):
    while data:
        done = os.pwrite(file, data, place)
        data, place = data[done:], place + done

rows = os.open("pool/table", os.O_WRONLY | os.O_CREAT)
head = os.open("pool/table", os.O_RDWR)
write(head, b"32 rows to come", 0)
for row in range(32):
    write(rows, b"%065535d\n" % row, 4096 + row * 65536)
os.fsync(rows)
write(head, b"32 rows written", 0)
os.fsync(head)
print("reads back:", os.pread(head, 15, 0).decode(), end="; ")
os.close(head)
os.close(rows)
PY
mkdir small large pool
mount -t tmpfs -o size=64M none large

# table SIZE OPTION: what the writer of the head reads, and what is in the file, with a first disk of this size.
table() {
  mount -t tmpfs -o "size=$1" none small
  mergerfs -o "$2,category.create=ff,minfreespace=0" small:large pool
  until_there mountpoint -q pool
  /usr/bin/python3 writers.py 2>&1 | tail -1
  echo "on disk: $(head -c 15 pool/table), $(grep -c '0$\|[1-9]$' pool/table) rows"
  rm pool/table
  umount pool small
}
expect "with room for it" "$(table 8M moveonenospc=true)" "reads back: 32 rows written; on disk: 32 rows written, 32 rows"
expect "moved on the way" "$(table 1M moveonenospc=true)" "reads back: 32 rows written; on disk: 32 rows to come, 32 rows"
expect "where it may not be moved" "$(table 1M moveonenospc=false 2>&1 | grep -o 'No space left on device')" "No space left on device"
umount large
