#!/usr/bin/env bash
# usage: failure_test.sh CAROUSEL_MPI openmpi|mpich CAROUSEL FAULTS
# A rank that cannot go on ends all of them, and says why: nobody waits for what will not come.
. "$(dirname "$0")/lib.sh"
faults=$4

# with_fault NAME=VALUE ARGUMENT...: run() with the fault of faults.cpp.
with_fault() {
  # shellcheck disable=SC2046  # several words
  timeout --foreground -k 5 20 $(launcher) env LD_PRELOAD="$faults" "$1" "$program" "${@:2}" >out 2>err </dev/null
  status=$?
}
# It ends by itself, and not well.
ends_badly() { [[ $status -ne 0 && $status -ne 124 && $status -ne 137 ]] || { echo "status $status:" && cat out err && false; }; }

mkdir -p tree/d
for i in {1..40}; do echo "$i" >tree/d/$i; done
head -c 9M /dev/urandom >tree/large
ranks=2
with_fault FAULT_NONE=1 cp -a --part-size=1M tree good
check "without a fault all is well" test $status = 0
check "and the tree is there" same_tree tree good

with_fault FAULT_SHORT=1 cp -a tree short
check "a message that is too short ends the job" ends_badly
check "and is said" says "all must run the same program"
check "by the rank that has got it" says "rank 0 on .* stopped"
with_fault FAULT_SHORT=0 cp -a tree short0
check "so does one of rank 0" ends_badly
check "which rank 1 says" says "rank 1 on .* stopped"

with_fault FAULT_THROW=tree cp -a tree walked
check "an exception of the walk ends the job" ends_badly
check "and is said" says "stopped.*bad_alloc"
cp tree/large alone
with_fault FAULT_THROW=alone cp alone copied
check "an exception of what one name is ends the job" ends_badly
check "and is said" says "stopped.*bad_alloc"
# Of what is made when a file is copied, by sizes, for those of one build are not those of the next.
for FAULT_BYTES in 1200 1500 1800; do
  export FAULT_BYTES
  rm -rf copied
  with_fault FAULT_THROW=large cp -a --verify --part-size=1M tree copied
  check "an exception of a file ends the job, with $FAULT_BYTES bytes" ends_badly
done
export FAULT_BYTES=16384 # what the part reads for a comparison
with_fault FAULT_THROW=.parted.carousel- cp -a --verify --part-size=1M tree/large parted
check "an exception of a part ends the job" ends_badly
check "and is said" says "stopped.*bad_alloc"
finish
