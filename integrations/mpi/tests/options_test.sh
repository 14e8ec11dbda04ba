#!/usr/bin/env bash
# usage: options_test.sh CAROUSEL_MPI openmpi|mpich
# What options ask for is done by all ranks together as by one; which messages bring that about does not matter.
. "$(dirname "$0")/lib.sh"

python3 "$tests/make_tree.py" tree
ranks=4
check "4 ranks copy a tree" ends_with 0 cp -a --part-size=2M tree copy2
check "--stats has the figures of all ranks" ends_with 0 cp -a --json --stats --part-size=2M tree counted
check "sizes of all files" test "$(json out 'o["statistics"]["sizes"] >= o["bytes"] > 0')" = True
check "messages of all, of which rank 0 has some" test \
  "$(json out 'o["statistics"]["messages"] > o["statistics"]["messages_of_rank_0"]["sent"] > 0')" = True
check "and in words" ends_with 0 cp -aT --stats tree counted
check "in lines of their own" grep -q "^messages: .* rank 0 sent" out

ranks=3
check "what is there is replaced" ends_with 0 cp -aT tree copy2
check "and the same" same_tree tree copy2
rm -rf copy2/d0 copy2/wide/1??
echo other >copy2/wide/0
check "--resume goes on" ends_with 0 cp -aT --resume --json --part-size=2M tree copy2
check "and keeps what was there" test "$(json out 'o["skipped"] > 1000')" = True
check "then it is the same" same_tree tree copy2
mkdir foreseen
check "a dry run ends with 0" ends_with 0 cp -a --dry-run --part-size=2M tree foreseen/copy
check "tells each name" test "$(grep -c "would be" out)" -gt 1000
check "says that nothing was touched" grep -q "^nothing was touched; would be: " out
check "and touches nothing" test -z "$(ls -A foreseen)"
check "--exclude holds for all ranks" ends_with 0 cp -a --exclude=1?? --exclude=/d0 --exclude=large --part-size=2M tree partly
check "by a name, wherever it is" test -z "$(find partly -name '1??' -o -name large)"
check "by a path" not test -e partly/d0
check "and for nothing else" test "$(rsync -nai --delete --exclude='1??' --exclude=/d0 --exclude=large tree/ partly/ | wc -l)" = 0
check "--verify compares" ends_with 0 cp -a --verify --sync --part-size=2M tree verified
check "and keeps all" same_tree tree verified
truncate -s 1T hole
printf tail | dd of=hole bs=1 seek=1099511627000 conv=notrunc status=none
check "nobody is given what is a hole" ends_with 0 cp -a --verify --part-size=1M hole hollow
check "and the tail is there" test "$(tail -c 776 hollow | tr -d '\0')" = tail
check "and nothing else" test "$(du -k hollow | cut -f1)" -lt 2000
head -c 8M /dev/urandom >growing
while :; do echo more >>growing; done &
writer=$!
until [[ $(stat -c %s growing) -gt 8388608 ]]; do sleep 0.01; done
# Slowly enough for the other one to come to it.
check "a file that grows while it is copied is reported" ends_with 1 cp --bwlimit=3M --part-size=1M growing grown
kill $writer
wait $writer 2>/dev/null
check "by name" says "'growing' changed while it was copied"
check "and the copy is its beginning" cmp -n "$(stat -c %s grown)" growing grown
mkdir many
for i in {1..40}; do head -c 1100000 /dev/urandom >many/$i && truncate -s 2400000 many/$i; done
check "more files are verified at once than there are buffers" ends_with 0 cp -a --verify --buffers=2 --threads=1 --part-size=1M many few
check "each as it was" same_tree many few
mkdir into
check "several sources go into a directory" ends_with 0 cp -a tree/wide tree/d0 tree/large tree/empty into
check "each as it was" same_tree tree/wide into/wide
check "also what is no tree" cmp tree/large into/large
mkdir poured
check "SRC/. goes into the target itself" ends_with 0 cp -a tree/. poured
check "and is as it was" same_tree tree poured
finish
