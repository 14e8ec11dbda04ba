# Sourced by the tests of carousel-mpi, with the program as $1 and its MPI, openmpi or mpich, as $2: what the tests of the tool are
# written with, for what ranks do together.
# shellcheck shell=bash

mpi=$2
tests=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
# shellcheck source=/dev/null
. "$tests/../../../tests/tool/lib.sh" "$1"
program=$carousel

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
no_leftovers() { [[ -z $(find "$1" -name '.*.carousel-*' -print -quit) ]]; }
