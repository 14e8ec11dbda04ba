#!/usr/bin/env bash
# usage: tests/tool/copy_test.sh CAROUSEL
# What `carousel cp` promises: exact copies with any number of buffers, refusals that touch nothing, no leftovers.
set -uo pipefail
carousel=$1
dir=$(mktemp -d "${TMPDIR:-/tmp}/carousel-cp.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failures=0
check() { # DESCRIPTION COMMAND...
  local what=$1
  shift
  if "$@"; then echo "ok: $what"; else
    echo "FAILED: $what"
    failures=$((failures + 1))
  fi
}
ends_with() { # STATUS ARGUMENT...
  local wanted=$1
  shift
  timeout 20 "$carousel" cp "$@" >output 2>&1
  local got=$?
  [[ $got -eq $wanted ]] || { echo "status $got, not $wanted:"; cat output; false; }
}
same_tree() { [[ -z $(rsync -nac --delete --itemize-changes "$1/" "$2/") ]]; }
no_leftovers() { [[ -z $(find . -name '.*.carousel-*') ]]; }

mkdir -p s/d/e
: >s/empty
head -c 5000001 /dev/urandom >s/d/big
ln -s nowhere s/link
echo x >s/$'new\nline'
echo y >"s/$(printf 'n%.0s' {1..255})"
echo z >s/$'not-utf8-\xff'
chmod 4751 s/d/big
chmod 555 s/d/e

for buffers in 64 2 1; do
  check "copies with $buffers buffers" ends_with 0 -a --buffers "$buffers" s "o$buffers"
  check "the copy is exact" same_tree s "o$buffers"
done
check "copies again into the copy" ends_with 0 -a s/d o2
mkfifo fifo
check "refuses a FIFO" ends_with 1 fifo from-fifo
echo old >target
ln s/d/big hard
ln -s s/d/big soft
check "refuses a hard link to itself" ends_with 1 s/d/big hard
check "refuses a symbolic link to itself" ends_with 1 s/d/big soft
check "refuses a directory into itself" ends_with 1 -r s s/d
check "reports a vanished source" ends_with 1 vanished target
check "and leaves the target alone" grep -qx old target
check "copies a file without a size" ends_with 0 /proc/version version
check "with its bytes" diff -q <(cat /proc/version) version
mkdir large
head -c 30000001 /dev/urandom >large/unaligned
truncate -s 100G large/sparse
printf data | dd of=large/sparse bs=1 seek=5000000000 conv=notrunc status=none
for buffers in 32 2; do
  check "copies large files with $buffers buffers" ends_with 0 -a --buffers "$buffers" large "large$buffers"
  check "an unaligned tail is exact" cmp large/unaligned "large$buffers/unaligned"
  check "data in a sparse file is exact" \
    grep -q data <(dd if="large$buffers/sparse" bs=1 skip=5000000000 count=4 status=none)
  check "a sparse file stays sparse" test "$(du -k "large$buffers/sparse" | cut -f1)" -le 64
done
check "verifies a copy" ends_with 0 --verify large/unaligned verified
if [[ $(id -u) -eq 0 ]]; then
  mkdir small && mount -t tmpfs -o size=4m tmpfs small
  check "reports a full file system" ends_with 1 large/unaligned small/
  check "and leaves nothing there" test -z "$(ls -A small)"
  umount small
fi
check "leaves no temporary file" no_leftovers
exit $((failures > 0))
