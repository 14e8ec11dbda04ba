#!/usr/bin/env bash
# usage: descriptors_test.sh CAROUSEL_MPI openmpi|mpich
# Ranks that have few descriptors wait for those of other files: nothing is less than it is with many, or it is said.
. "$(dirname "$0")/lib.sh"

python3 "$tests/make_tree.py" tree
mkdir tree/large-ones
for i in {1..12}; do head -c 9M /dev/urandom >tree/large-ones/$i; done
sync tree/large-ones/*
ranks=3

within() { # DESCRIPTORS ARGUMENT...: of carousel-mpi, in each rank beside those that its MPI has
  # shellcheck disable=SC2046  # several words
  timeout --foreground -k 5 120 $(launcher) bash -c "ulimit -n $1; exec \"\$0\" \"\$@\"" "$program" "${@:2}" >out 2>err </dev/null
  status=$?
}
for limit in 40 48 64 128; do
  rm -rf copy
  within $limit cp -a --part-size=1M tree copy
  check "with $limit descriptors there is no hang" test $status -ne 124
  if [[ $status -eq 0 ]]; then check "and all is as it was" same_tree tree copy; fi
  if [[ $status -eq 1 ]]; then check "and what is missing is said" says "Too many open files"; fi
done
check "128 are enough" test $status = 0
check "with nothing to be said" test ! -s err

# Directories that many names are in, one after the other.
for i in {1..300}; do mkdir -p spread/$i && echo "$i" >spread/$i/file-$i; done
for i in {301..400}; do mkdir -p spread/$i/tree-$i && echo "$i" >spread/$i/tree-$i/file; done
find spread -name 'file-*' >list
find spread -name 'tree-*' >>list
mkdir gathered wanted
xargs -a list cp -rt wanted
within 128 cp -r --files-from=list gathered
check "a list over more directories than there are descriptors ends with 0" test $status = 0
check "with nothing to be said" test ! -s err
check "and all is there" diff -r wanted gathered
finish
