#!/usr/bin/env bash
# usage: copy_manifest_test.sh CAROUSEL
# --manifest writes what sha256sum(1) checks.
. "$(dirname "$0")/lib.sh"
fresh() {
  chmod -R u+rwx . && find . -mindepth 1 -delete
  mkdir -p tree/sub
  echo one >tree/one && : >tree/empty && head -c 9000001 /dev/urandom >tree/large && truncate -s 3M tree/sub/hole
  echo x | dd of=tree/sub/sparse bs=1 seek=1000000 2>/dev/null && ln tree/one tree/again && ln -s one tree/link && mkfifo tree/fifo
  for name in $'new\nline' $'back\\slash' $'re\rturn' $'end\r' $'\xff\xfe' ' space ' $'\ttab' '*star' '-dash'; do echo "$name" >"tree/sub/$name"; done
}
checks() { sha256sum --quiet --strict -c "$1"; }
names() { find "$1" -type f -printf x | wc -c; }

fresh
check "a copy has a manifest" ends_with 0 -a --manifest=sums tree copy
check "which sha256sum checks" checks sums
check "with every file" test "$(wc -l <sums)" = "$(names tree)"
check "as it would write it" cmp <(sort sums) <(find copy -type f -print0 | xargs -0 sha256sum | sort)
echo changed >copy/one
check "what has changed since is found" not checks sums 2>/dev/null
check "of all files that were kept too" ends_with 0 -aT --resume --manifest=sums tree copy
check "there is a line" test "$(wc -l <sums)" = "$(names tree)"
check "that is right" checks sums
check "with -n what is at the target counts" ends_with 0 -anT --manifest=sums tree copy
check "as it is" checks sums
rm -r copy
check "together with --verify" ends_with 0 -a --verify --manifest=sums tree copy
check "it is the same" checks sums
check "a plain copy of one file" ends_with 0 --manifest=one.sum tree/one single
check "has a line" test "$(cat one.sum)" = "$(sha256sum single)"
check "an absolute target" ends_with 0 --manifest=absolute.sum tree/one "$PWD/absolute"
check "has its path" test "$(cat absolute.sum)" = "$(sha256sum "$PWD/absolute")"

# The program checks it too, and says more than sha256sum.
check_ends_with() { # STATUS ARGUMENT...: of carousel check
  local wanted=$1
  shift
  run "$carousel" check "$@"
  [[ $status -eq $wanted ]] || { echo "status $status, not $wanted:" && cat out err && false; }
}
rm -rf copy
ends_with 0 -a --manifest=sums tree copy
files=$(names tree)
check "check finds all as it should be" check_ends_with 0 sums copy/
check "and counts it" grep -qx "$files files are right, 0 differ, 0 are missing, 0 are not in the manifest" out
check "with no word on stderr" test ! -s err
ln -s copy too
for spelt in ./copy "$PWD/copy" copy/sub/.. too; do
  check "however the directory is spelt: $spelt" check_ends_with 0 sums "$spelt"
done
rm too
check "from stdin" bash -c '"$1" check - <sums' _ "$carousel"
sha256sum copy/one copy/large >others
check "it reads what sha256sum writes" check_ends_with 0 others
check "names come with -v" bash -c '[[ $("$1" check -v others | grep -c ": right$") = 2 ]]' _ "$carousel"
printf X | dd of=copy/large bs=1 seek=5000000 conv=notrunc 2>/dev/null
check "one byte that is another one" check_ends_with 1 sums copy
check "is found" says "'copy/large' is not what the manifest says"
rm $'copy/sub/new\nline' && mkdir copy/sub/extra && echo more >copy/sub/extra/file
check "a name that is gone, and one that came," check_ends_with 1 sums copy
check "are told" says "'copy/sub/extra/file' is not in the manifest"
check "as a shell spells them" says "copy/sub/new.nline' is missing"
check "and counted" grep -qx "$((files - 2)) files are right, 1 differ, 1 are missing, 1 are not in the manifest" out
rm copy/one copy/again && ln -s ../tree/one copy/one && mkfifo copy/again
check "a link and a FIFO in place of files" check_ends_with 1 sums
check "are not followed" says "'copy/one' is no regular file"
check "nor waited for" says "'copy/again' is no regular file"
{ cat others; echo "nonsense"; echo "123  copy/one"; echo; sha256sum copy/large | tr / '\0'; } >broken
check "lines that are none" check_ends_with 1 broken
for line in 3 4 5 6; do check "are named" says "'broken': line $line is none of a manifest"; done
check "and the others are compared" grep -q "^0 files are right, 2 differ, 0 are missing" out
: >nothing
check "a manifest of nothing tells nothing" check_ends_with 1 nothing
check "which is said" says "'nothing' has no lines"
(
  deep=$(printf 'd%.0s' {1..200})
  mkdir deep && cd deep
  for ((i = 0; i < 25; ++i)); do mkdir "$deep" && cd "$deep" || exit 1; done
  echo found >end
)
check "a tree that is deeper than a path" ends_with 0 -a --manifest=deepest deep depth
check "has a manifest" test "$(wc -c <deepest)" -gt 5000
check "that is checked" check_ends_with 0 deepest depth
check "wholly" grep -q "^1 files are right, 0 differ, 0 are missing, 0 are not" out
check "a manifest that is not there is no start" check_ends_with 2 nowhere
check "nor is none" check_ends_with 2
check "a directory that is not there is an error" check_ends_with 1 others nowhere
rm -rf copy

if command -v xxh128sum >/dev/null; then
  rm -rf copy tree/sub/*$'\n'* tree/sub/*$'\r'* tree/sub/*\\*
  check "--hash=xxh128" ends_with 0 -a --hash=xxh128 --manifest=xxh tree copy
  check "is for xxh128sum" xxh128sum --quiet --strict -c xxh
  check "and for check" check_ends_with 0 xxh copy
else
  echo "SKIPPED: no xxh128sum here"
fi
check "another kind is refused" ends_with 2 --hash=md5 --manifest=x tree/one other

fresh
mkdir dir && echo old >old && ln -s old link && mkfifo fifo
check "a directory is no manifest" ends_with 2 --manifest=dir tree/one other
check "which is said" says "'dir' is a directory, which is not replaced"
check "nor a FIFO" ends_with 2 --manifest=fifo tree/one other
check "which stays one" test -p fifo
check "a directory that is not there is an error" ends_with 2 --manifest=absent/sums tree/one other
check "and nothing is copied" not test -e other
check "a link is replaced" ends_with 0 --manifest=link tree/one other
check "and not followed" test "$(cat old)" = old -a ! -L link
check "a dry run writes none" ends_with 0 -a --dry-run --manifest=none tree copy
check "at all" not test -e none
check "a copy with an error" ends_with 1 -r --manifest=part tree copy
check "has a manifest of what was copied" checks part
check "all of it" test "$(wc -l <part)" = "$(names copy)"
check "in a directory that loses what no source has" ends_with 0 -a --delete --manifest=copy/sums tree/. copy
check "it stays" checks copy/sums
check "for check it is no file beside those that it names" check_ends_with 0 copy/sums ./copy/.

# What one source has brought another one replaces.
fresh && mkdir second && echo two >second/one && printf '%s' $'with\nend' >second/empty
for options in "tree/. second/one" "second/one tree/." "tree/. second/." "--parents second/one second" "-n tree/. second/."; do
  rm -rf copy && mkdir copy
  # shellcheck disable=SC2086
  check "of sources that meet, as $options," ends_with 0 -a --manifest=sums $options copy
  check "the manifest has what is there" checks sums
  check "once" test "$(wc -l <sums)" = "$(names copy)"
done
mkdir first && echo old >first/one && mkdir -p nodes && ln -s nowhere nodes/one && mkfifo nodes/pipe && echo x >first/pipe
rm -rf copy && mkdir copy
check "a file that a link or a FIFO of a later source replaces" ends_with 0 -a --manifest=sums first/. nodes/. copy
check "has no line" test ! -s sums
rm -rf copy && mkdir copy && rm nodes/pipe
check "one that replaces a link" ends_with 0 -a --manifest=sums nodes/. first/. copy
check "has one" checks sums
check "as each" test "$(wc -l <sums)" = 2
mkdir -p a/n b/n && echo 1 >a/n/file && echo 2 >b/n/file && rm -rf copy && mkdir copy
check "directories of one name meet too" ends_with 0 -au --manifest=sums a/n b/n/ copy
check "their manifest has what is there" checks sums
check "once" test "$(wc -l <sums)" = 1

# A name that is stdin to others.
fresh && mkdir dir
check "a copy that is called -" ends_with 0 --manifest=sums tree/one -
check "is no stdin" checks sums </dev/null
check "for check neither" check_ends_with 0 sums
check "nor foreign" bash -c 'cd dir && cp ../- . && "$1" check ../sums . >/dev/null' _ "$carousel"
check "what only begins with it" ends_with 0 --manifest=sums tree/empty ./-x
check "is as it is" checks sums
(cd dir && "$carousel" cp --manifest=../sums -- ../tree/one -x >/dev/null)
check "also without a directory" bash -c 'cd dir && sha256sum --quiet --strict -c ../sums && "$1" check ../sums >/dev/null' _ "$carousel"

# What -i is told to keep is kept as with -n.
fresh && mkdir dir && echo mine >dir/one
says_no() { ends_with "$@" < <(yes n); }
check "a copy that nobody wants" says_no 0 -i --manifest=sums tree/one tree/empty dir
check "leaves what was there" test "$(cat dir/one)" = mine
check "which has a line" test "$(cat sums)" = "$(sha256sum dir/one dir/empty)"

# It takes the name of nothing that the copy reads, makes or keeps.
is_kept() { [[ $(cat "$1") = "$2" ]]; } # FILE CONTENT
fresh && mkdir dir && echo mine >dir/kept && ln tree/one other_name && ln -s tree/one named
check "a source is no manifest" ends_with 2 --manifest=tree/one tree/empty tree/one dir
check "which is said" says "'tree/one' is what is to be copied as 'tree/one', and no manifest replaces it"
check "before anything is done" not test -e dir/empty
check "under another of its names" ends_with 2 --manifest=other_name tree/one dir
check "or through a link that is followed" ends_with 2 --manifest=tree/one named dir
check "in a dry run too" ends_with 2 --dry-run --manifest=tree/one tree/one dir
check "and it is as it was" is_kept tree/one one
check "a link that is copied as one is another file" ends_with 0 -P --manifest=other_name named copied_link
ends_with 0 --manifest=elsewhere tree/one dir
for options in --dry-run ""; do
  rm -f dir/one
  # shellcheck disable=SC2086
  check "a copy is not replaced ${options:-by it}" ends_with 1 $options --manifest=dir/one tree/one dir
  check "which is said" says "'dir/one' .* no manifest replaces it"
  echo old >dir/one
  # shellcheck disable=SC2086
  check "where there was a file neither" ends_with 1 $options --manifest=dir/one tree/one dir
  check "which is said" says "'dir/one' is a file of this copy, and no manifest replaces it"
  [[ -z $options ]] || check "with no change" is_kept dir/one old
done
check "it is the copy" is_kept dir/one one
check "nor is what is kept" ends_with 1 -n --manifest=dir/kept tree/one dir/kept
check "but said" says "'dir/kept' is a file of this copy"
check "as it was" is_kept dir/kept mine
echo old >dir/one
check "nor a backup" ends_with 1 -b --manifest=dir/one~ tree/one dir
check "of what was there" is_kept dir/one~ old
ln -s nowhere dir/link
check "nor a link that replaces one" ends_with 1 -P --manifest=dir/link tree/link dir
check "whatever it leads to" test "$(readlink dir/link)" = one
for options in --dry-run ""; do
  # shellcheck disable=SC2086
  check "nor a file of a tree $options" ends_with 1 -a $options --manifest=tree/sub/-dash tree/. "copy$options"
  check "which was read" says "'tree/sub/-dash' is a file of this copy"
done
check "and stays" is_kept tree/sub/-dash -dash
check "nor one of its copy" ends_with 1 -aT --manifest=copy/sub/-dash tree copy
check "and not its links" ends_with 1 -aT --manifest=copy/again tree copy
check "which are whole" same_tree tree copy
rm copy/one copy/again
check "also where they were not" ends_with 1 -aT --manifest=copy/again tree copy
check "when it ends" same_tree tree copy
check "what is left out of the copy is replaced" ends_with 0 -a --exclude=-dash --manifest=tree/sub/-dash tree without
check "and right" checks tree/sub/-dash
check "a manifest of an earlier run too" ends_with 0 -aT --delete --exclude=-dash --manifest=without/sums tree without
check "as often as one likes" ends_with 0 -aT --delete --exclude=-dash --manifest=without/sums tree without
check "and right" checks without/sums
for options in --dry-run ""; do
  # shellcheck disable=SC2086
  check "no name is none $options" ends_with 2 $options --manifest= tree/one other
  check "which is said" says "--manifest: the name of FILE is empty"
done
check "a name of a directory is refused" ends_with 2 --manifest=absent/ tree/one other
check "before anything is copied" not test -e other
check "no temporary file is left" no_leftovers
finish
