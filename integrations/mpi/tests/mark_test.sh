#!/usr/bin/env bash
# usage: mark_test.sh CAROUSEL_MPI openmpi|mpich
# What a job that was killed has left is taken away by the next one that comes to it, and no sooner is it forgotten that it is there.
. "$(dirname "$0")/lib.sh"

mkdir -p tree/late
for i in {1..20}; do echo "$i" >tree/$i; done
head -c 9M /dev/urandom >tree/late/large
ranks=2
slowly=(cp -a --part-size=1M --bwlimit=1M tree copy)

# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 60 $(launcher) "$program" "${slowly[@]}" >out 2>err </dev/null &
job=$!
for ((i = 0; i < 500; ++i)); do
  [[ -n $(find copy/late -name '.large.carousel-*' 2>/dev/null) && $(find tree copy -name 20 | wc -l) -eq 2 ]] && break
  sleep 0.02
done
for victim in $(pgrep -x -f "$program ${slowly[*]}"); do kill -9 "$victim"; done
wait $job
marks() { find . -maxdepth 1 -name '.carousel-mpi-*' | wc -l; }
parts() { find copy -name '.*.carousel-*' | wc -l; }
check "a job that is killed leaves its mark" test "$(marks)" = 1
check "and a file that has no name yet" test "$(parts)" = 1

if is_root && unshare -m --propagation private true 2>/dev/null; then
  # Other ranks than the first see another directory where the source is.
  cat >elsewhere.sh <<'END'
[[ ${OMPI_COMM_WORLD_RANK:-$PMI_RANK} -eq 0 ]] || mount -t tmpfs none tree
exec "$@"
END
  ranks=3
  # shellcheck disable=SC2046  # several words
  timeout --foreground -k 5 60 $(launcher) unshare -m --propagation private bash elsewhere.sh "$program" cp -aT tree copy >out 2>err </dev/null
  check "a run that cannot begin ends with 2" test $? = 2
  check "says so once for all ranks that it concerns" test "$(grep -c "is not here what it is" err)" = 1
  check "which it names" grep -q "rank 1 on .*, rank 2 on .*: .* is not here what it is for rank 0" err
  check "leaves the mark of the other job" test "$(marks)" = 1
  check "and its file" test "$(parts)" = 1
fi
check "so does one that leaves something out" ends_with 0 cp -aT --resume --exclude=/late tree copy
check "which keeps the mark" test "$(marks)" = 1
check "and does not come to the file" test "$(parts)" = 1
rm copy/1 && mkdir copy/1
check "so does one with an error" ends_with 1 cp -aT --resume tree copy
check "which keeps the mark" test "$(marks)" = 1
rmdir copy/1
check "a run without one" ends_with 0 cp -aT --resume tree copy
check "takes all of it away" test "$(marks) $(parts)" = "0 0"
check "and the copy is whole" same_tree tree copy
finish
