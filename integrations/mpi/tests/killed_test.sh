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
for f in range(4):
    with open(f"tree/large{f}", "wb") as file: file.write(dice.randbytes(24 << 20))
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
for round in 1 2 3 4 5 6; do
  rm -rf copy
  # shellcheck disable=SC2046  # several words
  timeout --foreground -k 5 30 $(launcher) "$program" cp -a --part-size=1M --threads=1 --bwlimit=60M tree copy >out 2>err </dev/null &
  job=$!
  victims=()
  for ((i = 0; i < 500; ++i)); do
    mapfile -t victims < <(pgrep -x -f "$program cp -a --part-size=1M --threads=1 --bwlimit=60M tree copy")
    [[ ${#victims[@]} -eq 3 && -d copy ]] && break
    sleep 0.01
  done
  sleep "0.$((RANDOM % 6))$((RANDOM % 10))"
  [[ ${#victims[@]} -eq 3 ]] && kill -9 "${victims[$((round % 3))]}" 2>/dev/null && killed=$((killed + 1))
  wait "$job"
  status=$?
  if [[ $status -eq 0 ]] && diff -rq tree copy >/dev/null; then
    killed=$((killed - 1)) # it was over before
    continue
  fi
  check "round $round: the job does not end with 0" test $status -ne 0
  check "what has a name is whole" python3 whole.py tree copy
  # Those that were asked to end need a moment. Open MPI 4.1.4 itself may be seen to stay, with all of them gone: `timeout` ends it,
  # in so short a time that all rounds together end before the test is given up.
  for ((i = 0; i < 300; ++i)); do
    pgrep -x -f "$program cp -a --part-size=1M --threads=1 --bwlimit=60M tree copy" >/dev/null || break
    sleep 0.01
  done
  check "no rank is left" not pgrep -x -f "$program cp -a --part-size=1M --threads=1 --bwlimit=60M tree copy"
done
check "ranks were killed while they copied" test $killed -gt 0
check "the next run goes on" ends_with 0 cp -aT --resume --part-size=1M tree copy
check "and brings all of it, and takes away what was left" diff -r tree copy
check "and its mark" test -z "$(find . -name ".carousel-*")"
finish
