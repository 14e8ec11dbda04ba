# Sourced by the tests of carousel-mpi, with the program as $1 and its MPI, openmpi or mpich, as $2. Each test works in an empty
# directory of its own, says one line per fact, and ends with `finish`.
# shellcheck shell=bash

set -uo pipefail
program=$(realpath "$1")
mpi=$2
tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/carousel-mpi-test.XXXXXX")
# shellcheck disable=SC2317  # called by the trap
clean_up() {
  cd /
  chmod -R u+rwx "$dir" 2>/dev/null
  rm -rf "$dir"
}
trap clean_up EXIT
cd "$dir" || exit 1
failures=0

check() { # FACT COMMAND...
  local fact=$1
  shift
  if "$@"; then
    echo "ok: $fact"
  else
    echo "FAILED: $fact"
    failures=$((failures + 1))
  fi
}
finish() { exit $((failures > 0)); }
skip() { # the rest of the test
  echo "SKIPPED: $*"
  [[ $failures -eq 0 ]] || exit 1
  exit 77
}
not() { ! "$@"; }

# launcher: the words before the program, for $ranks ranks.
launcher() {
  if [[ $mpi == openmpi ]]; then
    echo mpirun.openmpi --oversubscribe --allow-run-as-root --bind-to none -n "$ranks"
  else
    echo mpiexec.mpich -n "$ranks"
  fi
}
# run ARGUMENT...: of carousel-mpi, by $ranks ranks; its status in $status, what it said in ./out and ./err.
run() {
  # shellcheck disable=SC2046  # several words
  timeout --foreground -k 5 120 $(launcher) "$program" "$@" >out 2>err </dev/null
  status=$?
}
ends_with() { # STATUS ARGUMENT...: of carousel-mpi
  local wanted=$1
  shift
  run "$@"
  [[ $status -eq $wanted ]] || {
    echo "status $status, not $wanted:"
    cat out err
    false
  }
}
says() { grep -q -- "$1" err || { cat out err; false; }; }
same_tree() { # with all attributes, and silent where they are the same
  local differences
  differences=$(rsync -naHAXc --delete --itemize-changes "$1/" "$2/" 2>&1)
  [[ -z $differences ]] || { echo "$differences" | head -20; false; }
}
no_leftovers() { [[ -z $(find "$1" -name '.*.carousel-*' -print -quit) ]]; }
json() { # FILE EXPRESSION on the object o
  python3 -c 'import json, sys; o = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}
