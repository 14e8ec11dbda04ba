#!/usr/bin/env bash
# usage: copy_folding_test.sh CAROUSEL
# Names that the target does not tell apart, in a directory that was there before: one of them is copied, the others are said.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
is_root || skip "mounting file systems needs root"
# By the name that is listed: FUSE may remember of another one what was there before.
content() { # DIRECTORY CONTENT: of the one file in it
  [[ $(find "$1" -type f -exec cat {} +) == "$2" ]]
}
names_in() { [[ $(find "$1" -mindepth 1 | wc -l) -eq $2 ]]; }

loops=()
# shellcheck disable=SC2317  # called by the trap
clean_up_loops() {
  clean_up
  for loop in "${loops[@]}"; do losetup -d "$loop" 2>/dev/null; done
}
trap clean_up_loops EXIT
device() { # IMAGE
  truncate -s 64M "$1"
  losetup -f --show "$1" || skip "no loop devices here"
}

systems=()
casefold=$(device casefold.img) && loops+=("$casefold")
mkfs.ext4 -q -O casefold "$casefold" || exit 1
if mount_new ext4 "$casefold" && mkdir ext4/top && chattr +F ext4/top; then
  systems+=(ext4)
else
  echo "SKIPPED: this kernel has no ext4 that folds names"
fi
exfat=$(device exfat.img) && loops+=("$exfat")
mkfs.exfat "$exfat" >/dev/null && mkdir exfat || exit 1
if [[ -c /dev/fuse ]]; then
  mount.exfat-fuse "$exfat" exfat >/dev/null 2>mount-error || { cat mount-error && exit 1; }
  mounts+=("$dir/exfat")
  mkdir exfat/top
  systems+=(exfat)
else
  echo "SKIPPED: no FUSE here"
fi
[[ ${#systems[@]} -gt 0 ]] || skip "no file system here folds names"

mkdir -p tree one/Dir one/dir kinds/NAME over/a over/b merge/p/share merge/q/share merge/r/Share respelt hard soft
echo upper >tree/README
echo lower >tree/readme
echo one >one/Dir/a
echo two >one/dir/a
echo file >kinds/name
echo inside >kinds/NAME/file
echo default >over/a/CONFIG
echo override >over/b/config
echo p >merge/p/share/NAME
echo q >merge/q/share/name
echo r >merge/r/Share/other
echo new >respelt/readme
echo linked >hard/a && ln hard/a hard/A
ln -s to-a soft/a && ln -s to-A soft/A

for fs in "${systems[@]}"; do
  at=$fs/top/target
  fresh() { rm -rf "$at" && mkdir "$at"; }

  fresh && mkdir "$at/tree"
  check "$fs: two names that become one in a directory that was there" ends_with 1 -r tree "$at"
  check "are said by both" grep -qiE "'tree/(readme)' would have the name of '$at/tree/readme'" err
  check "not by one" not grep -qE "'tree/(README)' .*'$at/tree/README'|'tree/readme' .*'$at/tree/readme'" err
  first=$(cd tree && ls -U -i | sort -n | awk 'NR == 1 { print $2 }')
  check "the first stays" content "$at/tree" "$(cat "tree/$first")"
  check "and counted alone" grep -q '^1 files' out
  check "again, over what is there" ends_with 1 -r tree "$at"
  check "it is the same" names_in "$at/tree" 1
  check "and the first stays" content "$at/tree" "$(cat "tree/$first")"
  check "with all attributes too" ends_with 1 -a tree "$at"
  check "and once more" ends_with 1 -a tree "$at"
  check "the first stays" content "$at/tree" "$(cat "tree/$first")"

  fresh
  check "$fs: two operands that become one" ends_with 1 tree/README tree/readme "$at"
  check "are said" says "'tree/readme' would have the name of '$at/README'"
  check "the first is there" content "$at" upper
  check "also over what is there" ends_with 1 tree/readme tree/README "$at"
  check "where the first stays" content "$at" lower

  fresh && echo old >"$at/ReadMe"
  check "$fs: what was there under another spelling is overwritten" ends_with 0 respelt/readme "$at"
  check "as cp(1) does it" content "$at" new
  check "and is one" names_in "$at" 1
  check "by a tree too" ends_with 0 -r respelt/. "$at"
  check "three spellings of one" ends_with 1 tree/README tree/readme "$at"
  check "are one" names_in "$at" 1

  fresh
  check "$fs: two directories that become one are an error" ends_with 1 -r one/. "$at"
  check "and nothing of the second goes into the first" names_in "$at" 2
  check "over what is there too" ends_with 1 -r one/. "$at"
  check "where nothing is lost" names_in "$at" 2
  fresh && mkdir "$at/DIR"
  check "of a third spelling too" ends_with 1 -a one/. "$at"
  check "where one file lands" names_in "$at" 2
  fresh
  check "as operands too" ends_with 1 -r one/Dir one/dir "$at"
  check "where the first stays" content "$at" one

  fresh
  check "$fs: a file and a directory that become one are an error" ends_with 1 -r kinds/. "$at"
  check "one of them is there" grep -qxE 'file|inside' -r "$at"
  check "over what is there too" ends_with 1 -r kinds/. "$at"

  fresh
  check "$fs: what comes later out of SRC/. replaces what came before" ends_with 0 -r over/a/. over/b/. "$at"
  check "by another spelling too" content "$at" override
  check "and a name after it" ends_with 0 -r over/b/. over/a/CONFIG "$at"
  check "does the same" content "$at" default

  fresh
  check "$fs: directories of one name merge, their files do not" ends_with 1 -r merge/p/share merge/q/share "$at"
  check "and the first is kept" content "$at" p
  fresh
  check "those of two names do not" ends_with 1 -r merge/p/share merge/r/Share "$at"
  check "which is said" says "'merge/r/Share' would have the name of '$at/share'"
  check "and the first is there" content "$at" p

  fresh && echo old >"$at/README"
  check "$fs: -n keeps what was there" ends_with 0 -rn tree/. "$at"
  check "as it was" content "$at" old
  fresh
  check "but what this copy made is no such thing" ends_with 1 -rn tree/. "$at"

  fresh
  check "$fs: names of one file that become one" ends_with 1 -a hard/. "$at"
  check "are said" says "would have the name of"
  check "and are one" names_in "$at" 1
  if [[ $fs == ext4 ]]; then
    check "also over what is there" ends_with 1 -a hard/. "$at"
    check "symbolic links that become one are an error" ends_with 1 -a soft/. "$at"
    fresh
    mkdir accents && echo 1 >accents/$'\u00e9' && echo 2 >accents/$'e\u0301'
    check "composed and decomposed letters too" ends_with 1 -a accents/. "$at"
    check "and one is there" names_in "$at" 1
    fresh && echo x >"$at/a" && ln "$at/a" "$at/b"
    mkdir linked && echo 1 >linked/a && ln linked/a linked/b
    check "two names of one file at the target are two" ends_with 0 -a linked/. "$at"
    check "and again" ends_with 0 -a linked/. "$at"
  fi
done
check "no temporary file is left" no_leftovers
finish
