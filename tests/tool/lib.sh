# Sourced by the tests of the program, with its path as $1. Each test works in an empty directory of its own, says one line per
# fact, and ends with `finish`.
# shellcheck shell=bash

set -uo pipefail
# What whoever started the tests has left open would count against limits. Bash reads its script from one above 100.
for fd in /proc/$BASHPID/fd/*; do
  fd=${fd##*/}
  if [[ $fd -gt 2 && $fd -lt 100 ]]; then eval "exec $fd>&-"; fi
done
carousel=$(realpath "$1")
scripts=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../../scripts" 2>/dev/null) # not there in a copy for another user
helpers=$(dirname "$carousel")
[[ $# -lt 2 ]] || helpers=$(realpath "$2") # where the programs are that provoke faults
dir=$(mktemp -d "${TMPDIR:-/var/tmp}/carousel-test.XXXXXX")
mounts=()
# shellcheck disable=SC2317  # called by the trap
clean_up() {
  cd /
  for ((i = ${#mounts[@]} - 1; i >= 0; --i)); do umount -l "${mounts[i]}" 2>/dev/null; done
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
is_root() { [[ $(id -u) -eq 0 ]]; }
# What other programs of the same user lock counts against the limit too, so a small one is tried as a user who runs nothing else.
can_limit_memory() { is_root || [[ -n ${CAROUSEL_OWN_USER:-} ]]; } # which scripts/as_nobody says
# Before a command: without root's privileges, as a user whom no other test is at this time.
unprivileged=()
if is_root; then
  own_user=$("$scripts/unused_user" $$)
  unprivileged=(setpriv --reuid="$own_user" --regid="$own_user" --clear-groups --bounding-set=-all --inh-caps=-all)
fi

# run COMMAND...: its status in $status, what it said in ./out and ./err. The limit only ends what hangs.
export hang_seconds=240 # also where another shell is given this function
run() {
  timeout -k 5 $hang_seconds "$@" >out 2>err
  status=$?
}
# until_seen PID COMMAND...: waits until COMMAND tells that the process is so far; false where it has ended before.
until_seen() {
  until "${@:2}"; do
    kill -0 "$1" 2>/dev/null || return 1
    sleep 0.01
  done
}
ends_with() { # STATUS ARGUMENT...: of carousel cp
  local wanted=$1
  shift
  run "$carousel" cp "$@"
  [[ $status -eq $wanted ]] || {
    echo "status $status, not $wanted:"
    cat out err
    false
  }
}
says() { grep -q -- "$1" err || { cat err; false; }; }
same_tree() { # also silent by a second opinion
  local differences
  differences=$(rsync -naHAXc --delete --itemize-changes "$1/" "$2/" 2>&1)
  [[ -z $differences ]] || { echo "$differences"; false; }
}
same_content() { diff -r --no-dereference "$1" "$2"; }
no_leftovers() { [[ -z $(find . -name '.*.carousel-*' -print -quit) ]]; }
is_one_json_object() { python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$1"; }
json() { # FILE EXPRESSION on the object o
  python3 -c 'import json, sys; o = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}
# A file system with TYPE, OPTIONS at DIRECTORY, or nothing and false.
mount_new() { # DIRECTORY ARGUMENT...
  mkdir -p "$1"
  mount "${@:2}" "$1" 2>mount-error || return 1
  mounts+=("$dir/$1")
}
