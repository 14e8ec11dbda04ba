#!/usr/bin/env bash
# usage: killed_test.sh CAROUSEL_MPI openmpi|mpich
# A rank that is killed ends all of them, with a status that is not 0, and nothing under a final name is half-written.
. "$(dirname "$0")/lib.sh"

python3 - <<'END'
import os, random
dice = random.Random(2)
os.mkdir("tree")
for d in range(30):
    os.mkdir(f"tree/{d}")
    for f in range(100):
        with open(f"tree/{d}/{f}", "wb") as file: file.write(dice.randbytes(20000))
    os.link(f"tree/{d}/0", f"tree/{d}/other-name")
for f in range(4):
    with open(f"tree/large{f}", "wb") as file: file.write(dice.randbytes(24 << 20))
os.link("tree/large0", "tree/0/large0-too")
END

cat >whole.py <<'END'
"""usage: whole.py SRC DST: whether each file of DST that has a final name is one of SRC, whole."""
import os, sys
source, target = sys.argv[1:]
for here, below, files in os.walk(target):
    for name in files:
        if ".carousel-" in name: continue
        path = os.path.join(here, name)
        with open(path, "rb") as one, open(os.path.join(source, os.path.relpath(path, target)), "rb") as other:
            if one.read() != other.read(): sys.exit(f"{path} is not whole")
END

ranks=3
killed=0
round=0
# From the first directory to the last attributes, with and without the comparison.
for moment in 0.02 0.3 0.7 1.2 1.8 2.4; do
  rm -rf copy
  words=(cp -a --part-size=1M --threads=1 --bwlimit=60M tree copy)
  [[ $((round % 2)) -eq 0 ]] || words=(cp -a --verify --part-size=1M --threads=1 --bwlimit=60M tree copy)
  all_copy() {
    mapfile -t victims < <(ranks_there)
    [[ ${#victims[@]} -eq 3 && -d copy ]]
  }
  ranks_there() { pgrep -x -f "$program ${words[*]}"; }
  # shellcheck disable=SC2046  # several words
  timeout --foreground -k 5 60 $(launcher) "$program" "${words[@]}" >out 2>err </dev/null &
  job=$!
  victims=()
  until_seen $job all_copy
  sleep $moment
  victim=${victims[$((round++ % 3))]:-}
  rank=$(tr '\0' '\n' 2>/dev/null <"/proc/$victim/environ" | sed -n 's/^\(OMPI_COMM_WORLD_RANK\|PMI_RANK\)=//p' | head -n 1)
  was_there=0
  [[ -n $victim ]] && kill -9 "$victim" 2>/dev/null && was_there=1
  # Those that were asked to end need a moment. The launcher is not waited for: what it does is another matter.
  for ((i = 0; i < 3000; ++i)); do
    ranks_there >/dev/null || break
    sleep 0.01
  done
  left=$(ranks_there | wc -l)
  wait "$job"
  status=$?
  if [[ $status -eq 0 ]] && diff -rq tree copy >/dev/null; then continue; fi # it was over before
  killed=$((killed + was_there))
  check "after $moment s: no rank is left" test "$left" = 0
  check "the job does not end with 0" test $status -ne 0
  # Open MPI 4.1.4 itself may be seen to stay, with all ranks gone: then `timeout` ends it, and it has named nobody.
  if [[ $mpi == mpich || $status -ne 124 ]]; then
    check "nor does it hang" test $status -ne 124
    # MPICH names a process, mostly another one.
    if [[ $mpi == openmpi ]]; then check "who was killed is named" grep -q "rank $rank with PID" out err; fi
  fi
  check "what has a name is whole" python3 whole.py tree copy
done
check "ranks were killed while they copied" test $killed -gt 0
check "the next run goes on" ends_with 0 cp -aT --resume --part-size=1M tree copy
check "and brings all of it, and takes away what was left" diff -r tree copy
check "with its hard links" test copy/large0 -ef copy/0/large0-too -a copy/7/0 -ef copy/7/other-name
check "and its mark" test -z "$(find . -name ".carousel-*")"
finish
