#!/usr/bin/env bash
# usage: sources_test.sh CAROUSEL_MPI openmpi|mpich CAROUSEL
# What -L follows and --files-from names is by several ranks what it is by the program: the same trees, sentences and status.
. "$(dirname "$0")/lib.sh"
tool=$3

sentences() { # FILE: of errors, whoever says them, in an order
  sed -n 's/^carousel[a-z-]*: //p' "$1" | grep -v "^note:" | sed -e 's/by-ranks/by-tool/g' | sort
}
# both FACT ARGUMENT...: copies to ./by-tool and by ranks to ./by-ranks, which are there before if they were prepared.
both() {
  local fact=$1 wanted
  shift
  "$tool" cp "$@" by-tool >/dev/null 2>tool-err
  wanted=$?
  check "$fact: status $wanted" ends_with $wanted cp "$@" by-ranks
  check "the same is said" diff <(sentences tool-err) <(sentences err)
  touch -r by-tool by-ranks
  check "and copied" same_tree by-tool by-ranks
}
ranks=3

python3 "$tests/make_tree.py" tree
mkdir aside tree/a tree/b
for i in {1..300}; do echo "$i" >aside/$i; done
mkdir aside/below && echo below >aside/below/file
ln -s . tree/loop
ln -s ../../tree tree/d0/out
ln -s ../aside tree/aside
ln -s ../b tree/a/to-b && ln -s ../a tree/b/to-a
ln -s ../large tree/d0/large-by-link
both "-aL follows links, and says loops" -aL tree
check "which there were" says "'tree/loop' is inside itself, which a link or a mount can bring about"
check "also behind other links" says "'tree/a/to-b/to-a' is inside itself"
check "directories are copied through links" test -f by-ranks/aside/below/file -a ! -L by-ranks/aside
check "several links to a file are hard links" test by-ranks/large -ef by-ranks/d0/large-by-link

rm -rf by-tool by-ranks
mkdir plain plain/in into
for i in {1..40}; do mkdir plain/$i && echo "$i" >plain/$i/file; done
ln -s "$PWD/into" plain/in/back
"$tool" cp -rL plain into 2>tool-err >/dev/null
mv into into-by-tool && mkdir into
check "what is being made is not copied again" ends_with 1 cp -rL plain into
check "as by the program" diff <(sentences tool-err) <(sentences err)
check "and all else is, and no mark of the job" diff -r into-by-tool into
check "which is said" says "'plain/in/back/plain' leads to what was just made"
ln -s "$PWD/into/plain/7" plain/in/deep
check "also where a link leads below it" ends_with 1 cp -rL plain into
check "which is said" says "'plain/in/deep' leads to what was just made"

# Lists.
mkdir other
echo other >other/0
ln tree/wide/1 other/one
{
  find tree/wide -type f | sort
  printf '%s\n' other/0 other/one tree/d0 tree/large nowhere tree/to-directory
} >list
mkdir by-tool by-ranks
both "--files-from copies what a list names" -a --files-from=list
check "a name that is there already is said" says "'other/0' would overwrite 'by-ranks/0', which was just made"
check "so is what is not there" says "cannot read 'nowhere'"
check "hard links are kept" test by-ranks/1 -ef by-ranks/one
rm -rf by-ranks && mkdir by-ranks
check "several ranks copy" ends_with 1 cp -a --json --files-from=list by-ranks
check "what it names" test "$(json out 'sum(r["files"] > 0 for r in o["ranks"])')" -gt 1
rm -rf by-tool by-ranks && mkdir by-tool by-ranks
tr '\n' '\0' <list >nuls
both "with NULs, and what is named beside it" -a0 --files-from=nuls plain
rm -rf by-ranks && mkdir by-ranks
# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 60 $(launcher) "$program" cp -r --files-from=- by-ranks < <(printf 'plain/1\nplain/2\n') >out 2>err
check "rank 0 reads stdin" test $? = 0 -a "$(ls by-ranks | tr '\n' ' ')" = "1 2 "
check "a list that is not there ends with 2" ends_with 2 cp --files-from=absent by-ranks
check "and is said once" test "$(grep -c "cannot read" err)" = 1
rm -rf by-tool by-ranks && mkdir by-tool by-ranks
printf 'plain/1\nplain/2\nother/../plain/1\n' >twice
both "a directory that is named twice is copied once" -a --files-from=twice
check "which is said" says "note: 'other/../plain/1' is named more than once, and copied once"
mkdir -p plain/below/1
printf 'plain/1\nplain/below/1\n' >meet
check "directories that merge are refused" ends_with 2 cp -r --files-from=meet by-ranks
finish
