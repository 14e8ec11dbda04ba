#!/usr/bin/env bash
# usage: launch_test.sh CAROUSEL_MPI openmpi|mpich
# How it is started, what it says of errors, and with which status all ranks end.
. "$(dirname "$0")/lib.sh"

mkdir tree tree/d
echo a >tree/a
echo b >tree/d/b
ranks=2
other=mpich
[[ $mpi == mpich ]] && other=openmpi

check "without a launcher it is one rank" test "$("$program" cp -a tree alone 2>&1 >/dev/null; echo $?)" = 0
check "which copies" diff -r tree alone
if mine=$mpi mpi=$other; command -v "$(launcher | cut -d' ' -f1)" >/dev/null; then
  run cp -a tree wrong
  check "the launcher of another MPI is refused with 2" test "$status" = 2
  check "once, with the right command" test "$(grep -c "mpi.* -n N carousel-mpi" err)" = 1
  check "and nothing is copied" not test -e wrong
fi
mpi=$mine

check "help ends with 0" ends_with 0 --help
check "and is said once" test "$(grep -c usage: out)" = 1
check "a wrong option ends with 2" ends_with 2 cp -a --no-such-option tree copy
check "and is said once" test "$(grep -c no-such-option err)" = 1
check "what one process does alone is refused" ends_with 2 cp -a --delete tree copy
mkdir -p alone/tree
check "sources whose copies meet are refused" ends_with 2 cp -a tree alone/tree copy
check "a source that is not there ends with 1" ends_with 1 cp -a nowhere copy
check "and is named" says nowhere
check "several sources need a directory, and all ranks end" ends_with 1 cp -a tree/a tree/d/b tree/a
check "which is said once" test "$(grep -c "copy into" err)" = 1
check "what is in itself is refused" ends_with 1 cp -a tree tree/d
check "with 1, once" test "$(grep -c "into itself" err)" = 1

# All ranks end with one status, whatever the launcher makes of several.
status_of_each() { # ARGUMENT...: of carousel-mpi
  rm -f status.*
  # shellcheck disable=SC2016,SC2046  # for that shell; several words
  timeout --foreground -k 5 60 $(launcher) bash -c '"$@"; echo $? >status.${OMPI_COMM_WORLD_RANK:-$PMI_RANK}' bash "$program" "$@" \
    >out 2>err </dev/null
  cat status.? | tr '\n' ' '
}
ranks=3
mkdir many-ranks
check "each rank ends with 0" test "$(status_of_each cp -a tree each)" = "0 0 0 "
check "each with 1 where a source is missing" test "$(status_of_each cp -a tree nowhere many-ranks)" = "1 1 1 "
check "each with 2 where an option is wrong" test "$(status_of_each cp -a --no-such-option tree each)" = "2 2 2 "

# What MPI is asked for.
check "no window and no file of MPI is used" test -z "$(nm -D -u "$program" | grep -E 'MPI_(Win|File)_')"
# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 60 $(launcher) env LD_PRELOAD="$4" FAULT_THREADS=1 "$program" cp -a tree threads >out 2>err </dev/null
check "without threads it does not begin" test $? = 2
check "for it has asked for them" says "asked for MPI_THREAD_FUNNELED"
check "and for nothing else" test "$(grep -c "another level" err)" = 0
check "which is said once" test "$(grep -c "allows no threads here" err)" = 1

# Progress is for whoever sees it.
head -c 3M /dev/urandom >shown
run cp --bwlimit=3M shown nobody-looks
check "there is no progress in a file" test $status = 0 -a -z "$(tr -d '\n' <err)"
TERM=dumb script -qec "'$program' cp --bwlimit=3M shown somebody-looks" typescript >/dev/null </dev/null
check "there is on a terminal" grep -q "files, .* MiB/s by 1 ranks" typescript

# Errors come at the end, by their paths, whoever met them.
if [[ $(id -u) -eq 0 ]]; then
  mkdir blocked
  for d in 3 1 2; do
    mkdir -p "tree/e$d" "blocked/e$d/x"
    echo x >"tree/e$d/x"
  done
  ranks=4
  check "one bad file leaves the rest, and ends with 1" ends_with 1 cp -aT tree blocked
  check "errors are in the order of paths" test "$(grep -o "blocked/e[123]/x" err | uniq | tr '\n' ' ')" = \
    "blocked/e1/x blocked/e2/x blocked/e3/x "
  check "the rest is there" test "$(cat blocked/a blocked/d/b)" = $'a\nb'
  cp err first
  run cp -aT tree blocked
  check "and are the same in each run" diff <(grep -v note: first | grep blocked/) <(grep -v note: err | grep blocked/)
fi

# Who waits sleeps: ranks that have nothing to do need no processor. On a busy machine whoever computes gets less of one,
# but who sleeps gets none.
head -c 3M /dev/urandom >slow
ranks=4
ranks_there() { pgrep -x -f "$program ${words[*]}"; }
ticks() { # of the processor that the ranks have had
  local rank sum=0
  local -a stat
  for rank in $(ranks_there); do
    read -r -a stat < <(sed 's/.*) //' "/proc/$rank/stat" 2>/dev/null)
    sum=$((sum + ${stat[11]:-0} + ${stat[12]:-0}))
  done
  echo $sum
}
come_to_rest() { # all of them are there, and have next to nothing of a processor for some seconds
  local before used there quiet=0
  for ((i = 0; i < 60 && quiet < 3; ++i)); do
    before=$(ticks)
    sleep 1
    used=$(($(ticks) - before)) there=$(ranks_there | wc -l)
    quiet=$((quiet + 1))
    [[ $there -eq $ranks && $used -lt $(($(getconf CLK_TCK) / 5)) ]] || quiet=0
  done
  [[ $quiet -eq 3 ]] || { echo "$there ranks had $used ticks of the processor in a second" && false; }
}
words=(cp --bwlimit=20K slow interrupted)
# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 120 $(launcher) "$program" "${words[@]}" >out 2>err </dev/null &
job=$!
is_copied() { [[ -n $(find $(ranks_there | sed 's,.*,/proc/&/fd,') -maxdepth 1 -lname "$dir/slow" -print -quit 2>/dev/null) ]]; }
until_seen $job is_copied
check "ranks that have nothing to do sleep, and the one whose copy may not be quicker" come_to_rest

# A signal ends it, with another status than 0.
kill -TERM $job
wait $job
check "SIGTERM to the launcher ends it, not with 0" test $? -ne 0
check "without a file under its name" not test -e interrupted
for ((i = 0; i < 3000; ++i)); do # those that were asked to end need a moment
  ranks_there >/dev/null || break
  sleep 0.01
done
check "with all of its ranks" not ranks_there
check "and without a leftover" test -z "$(find . -name '.*.carousel-*')"
# MPICH ends all of them at once: then the mark is for the next run, which finds what is left.
if [[ $mpi == openmpi ]]; then
  check "nor a mark" test -z "$(find . -name '.carousel-mpi-*')"
else
  check "but what the next run takes away" ends_with 0 cp slow interrupted
  check "which is the mark" test -z "$(find . -name '.carousel-mpi-*')"
fi

mkdir listed
mkfifo list
words=(cp --quiet --files-from=- listed)
# shellcheck disable=SC2046  # several words
timeout --foreground -k 5 120 $(launcher) "$program" "${words[@]}" >out 2>err <list &
job=$!
exec 3>list
check "those that wait for a list at stdin sleep too" come_to_rest
echo slow >&3
exec 3>&-
wait $job
check "it comes" test $? = 0
check "and is copied" cmp slow listed/slow
finish
