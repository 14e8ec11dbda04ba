#!/usr/bin/env bash
# usage: copy_descriptors_test.sh CAROUSEL HELPERS
# With as few descriptors as there may be nothing is lost: neither a name of a file nor an attribute, nor the way around the
# page cache; and where there are too few, that is said of each name.
. "$(dirname "$0")/lib.sh"

# Further names of files, in other directories; what needs descriptors for its attributes; long and sparse files; many directories,
# and a deep one.
mkdir -p tree/{a,b,c,d,e,f}/{1,2}
for d in tree/?; do
  for i in 1 2 3 4 5 6; do head -c $((i * 1000)) "$carousel" >$d/1/small$i; done
  head -c 300000 "$carousel" >$d/2/middle
  truncate -s 1M $d/2/holes && echo end >>$d/2/holes
  ln $d/1/small1 $d/2/again && ln $d/2/middle $d/1/other
  mkfifo -m 604 $d/1/fifo && touch -d '2003-03-03 03:03:03' $d/1/fifo && ln $d/1/fifo $d/2/fifo2
  ln -s ../1/small1 $d/2/link
  chmod 750 $d/2
done
for d in tree/a tree/d; do
  head -c 9000000 /dev/urandom >$d/1/large
  for e in b c e; do ln $d/1/large tree/$e/2/of-${d##*/}; done
done
deep=tree/deep
for ((i = 0; i < 22; ++i)); do
  deep=$deep/$i
  mkdir -p $deep && echo $i >$deep/file && ln $deep/file $deep/again && mkfifo -m 640 $deep/fifo && ln tree/a/1/small4 $deep/small4
done
head -c 9000000 /dev/urandom >$deep/large
for ((i = 0; i < 25; ++i)); do
  mkdir -p tree/wide/$i && echo $i >tree/wide/$i/file && ln tree/wide/$i/file tree/wide/$i/again && mkfifo -m 611 tree/wide/$i/fifo
done
find tree -type d -exec touch -d '2005-05-05 05:05:05' {} +
sync tree/a/1/large tree/d/1/large $deep/large

within() { # DESCRIPTORS ARGUMENT...: of carousel cp
  run prlimit --nofile="$1:$1" "$carousel" cp "${@:2}"
}
lines_of() { # FILE: what is said of each name, in any way of copying its content
  sed 's/: .*//; s/ in [0-9.]* s$//; /^[0-9]* of the files/d' "$1"
}
run "$carousel" cp -av --threads 1 tree target
lines_of out >with-many
# Which of them is out when nothing is left depends on each single one.
for limit in {16..29} 32 40 56 80; do
  for threads in 1 $((2 + limit % 3)); do
    rm -rf target
    within $limit -av --threads $threads tree target
    check "$limit descriptors are enough for a tree of everything and $threads threads" test $status = 0
    check "with nothing to be said" test ! -s err
    check "and nothing missing" same_tree tree target
    check "and the same is told of it" cmp with-many <(lines_of out)
  done
done
for limit in 12 13 14 15; do
  rm -rf target
  within $limit -a --threads 2 tree target
  check "with $limit descriptors the copy is whole, or the status says that it is not" \
    bash -c "test $status -ne 0 || rsync -naHAXc --delete --itemize-changes tree/ target/ | diff - /dev/null"
  check "without a hang" test $status -le 2
  if [[ $status -eq 1 ]]; then check "and of each name what is wrong with it" says "'.*: Too many open files"; fi
done

# What asks for more than a copy: what was there already, its attributes, backups and sums, and what is beside it.
rm -rf target && cp -a tree target && find target -name 'small[23]' -exec truncate -s 0 {} +
mkdir -p target/beside/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21
cp -a target start
find start -name small5 -exec setfattr -n user.of -v target {} + 2>/dev/null
find start tree -type p -delete
for limit in 20 24 40; do
  rm -rf target && cp -a start target
  within $limit -rT --threads 4 tree target
  check "with $limit descriptors what is there is replaced by what is like it" test $status = 0
  check "without a word" test ! -s err
  check "all of it" test -z "$(diff -r --no-dereference tree target | grep -v '^Only in target: beside')"
  check "with its attributes" \
    test "$(cd start && getfattr -dR . 2>/dev/null | sort)" = "$(cd target && getfattr -dR . 2>/dev/null | sort)"
  rm -rf target && cp -a start target && find target -name small5 -delete
  within $limit -aT --delete --resume=hash --manifest sums --threads 4 tree target
  check "and what is there already stays, listed, and nothing beside it" test $status = 0
  check "exactly" same_tree tree target
  check "with the sums of all" test "$(wc -l <sums)" = "$(find tree -type f | wc -l)"
  rm -rf target && cp -a start target
  within $limit -aT --backup=numbered tree target
  check "and backups are numbered" test $status = 0
  check "all of them" test "$(find target -name '*.~1~' | wc -l)" = "$(find tree -not -type d | wc -l)"
done
finish
