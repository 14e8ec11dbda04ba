#!/usr/bin/env bash
# usage: copy_link_limit_test.sh CAROUSEL
# A file of more names than the target lets one have: the names that are left become those of another copy.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
is_root || skip "mounting file systems needs root"
# Without this feature the names of a file in one directory have to fit into a page of its own.
truncate -s 120M image && mkfs.btrfs -q -f -O ^extref image >/dev/null 2>&1 || exit 1
mount_new few -o loop image || skip "no btrfs here: $(cat mount-error)"

stem=$(printf 'n%.0s' {1..200})
mkdir many && echo content >"many/$stem-0"
for i in {1..250}; do ln "many/$stem-0" "many/$stem-$i"; done
check "a file of 251 names is copied to where it cannot have that many" ends_with 0 -a many few
check "with all of them" test "$(find few/many -type f | wc -l)" = 251
check "and its content in each" test -z "$(for f in few/many/*; do cmp "$f" "many/${f##*/}"; done 2>&1)"
copies=$(stat -c %i few/many/* | sort -u | wc -l)
check "it has become a few files, not 251" test "$copies" -gt 1 -a "$copies" -lt 10
check "of which each has as many names as it can have but the last" \
  test "$(stat -c %h few/many/* | sort -un | wc -l)" -le 2
check "which is said" says "note: some hard links became copies: Too many links"
check "once" test "$(grep -c 'became copies' err)" = 1
check "and counted" grep -q "^$copies files, 1 directories, 0 symbolic links, $((251 - copies)) hard links" out
check "again, over what is there" ends_with 0 -a many few
check "it is as few" test "$(stat -c %i few/many/* | sort -u | wc -l)" = "$copies"
check "no temporary file is left" no_leftovers
finish
