#!/usr/bin/env bash
# usage: setup_test.sh: whether scripts/setup installs what brings services where systemd would start them.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! unshare --mount --propagation private mount -t tmpfs none /run 2>/dev/null; then
  echo "SKIPPED: a mount of its own wants root"
  exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
printf '#!/bin/sh\nexit 1\n' >"$work/dpkg-query" # nothing is installed
printf '#!/bin/sh\necho "$*" >>"$ASKED"\n' >"$work/apt-get"
chmod +x "$work"/*
failures=0

# shellcheck disable=SC2016  # for the shell inside
check() { # FACT WANTED SYSTEMD ARGUMENT...: whether Slurm is among what is installed
  local fact=$1 wanted=$2 systemd=$3 asks=no
  shift 3
  : >"$work/asked"
  ASKED=$work/asked PATH=$work:$PATH unshare --mount --propagation private bash -c '
    mount -t tmpfs none /run
    [[ $1 == no ]] || mkdir -p /run/systemd/system
    scripts/setup "${@:2}"' setup "$systemd" "$@" >"$work/said"
  grep -q "install.* g++ " "$work/asked" || asks="nothing at all"
  if grep -q "slurm-wlm munge" "$work/asked"; then asks=yes; fi
  if [[ $asks == "$wanted" ]]; then
    echo "ok: $fact"
  else
    echo "FAILED: $fact: $asks"
    failures=$((failures + 1))
  fi
}
check "where there is no systemd the tests have Slurm" yes no test
check "where it would be started it is left out" no yes test
grep -q "tests of Slurm are skipped" "$work/said" || { echo "FAILED: which is said" && failures=$((failures + 1)); }
check "unless it is asked for" yes yes test --services
check "and nothing else wants it" no no mpi
exit $((failures > 0))
