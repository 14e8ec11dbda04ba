#!/usr/bin/env bash
# usage: mark_test.sh CAROUSEL_MPI openmpi|mpich
# What a job that was killed has left is taken away by the next one that comes to it, and no sooner is it forgotten that it is there.
. "$(dirname "$0")/lib.sh"

mkdir -p tree/late
for i in {1..20}; do echo "$i" >tree/$i; done
head -c 9M /dev/urandom >tree/late/large
ranks=2
slowly=(cp -a --part-size=1M --bwlimit=300K tree copy)

# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 60 $(launcher) "$program" "${slowly[@]}" >out 2>err </dev/null &
job=$!
is_on_the_way() { [[ -n $(find copy/late -name '.large.carousel-*' 2>/dev/null) && $(find tree copy -name 20 | wc -l) -eq 2 ]]; }
until_seen $job is_on_the_way
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
# The number of a process says nothing of it in another container, or since the machine was started again.
sed -i.own '2s/$/0/' .carousel-mpi-????????
cp -p .carousel-mpi-????????.own saved
rm .carousel-mpi-????????.own
check "a job of other processes is not dead because its number is free" ends_with 0 cp -aT --resume tree copy
check "so its mark is kept" test "$(marks)" = 1
check "and its file" test "$(parts)" = 1
cp -p saved "$(echo .carousel-mpi-????????)"
rm copy/1 && mkdir copy/1
check "so does one with an error" ends_with 1 cp -aT --resume tree copy
check "which keeps the mark" test "$(marks)" = 1
rmdir copy/1
check "a run without one" ends_with 0 cp -aT --resume tree copy
check "takes all of it away" test "$(marks) $(parts)" = "0 0"
check "and the copy is whole" same_tree tree copy

# Where there is no room for its text a mark is nobody's.
if is_root && unshare -m --propagation private true 2>/dev/null; then
  mkdir full
  unshare -m --propagation private bash -c '
    mount -t tmpfs -o size=64k none full && head -c 64k /dev/zero >full/filler
    "$1" cp tree/1 full/ >/dev/null && echo copied
    ls -A full' bash "$program" >out 2>err
  check "a mark that could not be written is not left" test "$(cat out)" = filler
fi

# Each part asks where its own data is, and not the whole file: as often as one process does, and little more.
python3 - <<'END'
with open("sparse", "wb") as file:
    for i in range(1600):
        file.seek(i * 20480)
        file.write(b"x" * 4096)
END
FAULT_SEEKS=$PWD/seeks LD_PRELOAD=$4 "$program" cp sparse one >out 2>err
once=$(stat -c %s seeks)
rm seeks
# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 60 $(launcher) env LD_PRELOAD="$4" FAULT_SEEKS="$PWD/seeks" "$program" cp --part-size=1M sparse many >out 2>err </dev/null
check "a sparse file is copied in parts" cmp sparse many
check "whose holes are asked for once here and once there: $once and $(stat -c %s seeks)" test "$(stat -c %s seeks)" -lt $((3 * once))
finish
