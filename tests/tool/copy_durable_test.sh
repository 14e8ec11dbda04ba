#!/usr/bin/env bash
# usage: copy_durable_test.sh CAROUSEL
# With --sync a file that has no name yet is synced before it gets one, and the directory afterwards. strace does not see what
# io_uring does, only when the kernel is entered for it; the order of a file with a temporary name is seen in copy_faults.
. "$(dirname "$0")/lib.sh"
export ASAN_OPTIONS=detect_leaks=0 # it cannot work under ptrace
strace -o /dev/null true 2>/dev/null || skip "no strace here"
echo content >small
head -c 9000000 /dev/urandom >large

# trace FILE FLAG...: the calls, in one line of letters: t makes a nameless file, n gives it a name, e enters io_uring.
trace() {
  rm -f copy
  strace -f -o trace -e trace=linkat,openat,io_uring_enter "$carousel" cp "${@:2}" "$1" copy >out 2>err || return 1
  calls=$(sed -nE 's/.*openat\(.*O_TMPFILE.*/t/p; s/.*linkat\(.*/n/p; s/.*io_uring_enter\(.*/e/p' trace | tr -d '\n')
}
for file in small large; do
  check "$file is copied" trace $file
  [[ $calls == *t*n* ]] || skip "files without a name are not known here"
  plain=${calls#*t} plain_before=${plain%%n*} plain_after=${plain#*n}
  check "$file is copied with --sync" trace $file --sync
  synced=${calls#*t} synced_before=${synced%%n*} synced_after=${synced#*n}
  if [[ $file == small ]]; then # how often a large one enters the kernel is a matter of luck
    check "before it gets its name it is synced" test ${#synced_before} -gt ${#plain_before}
  fi
  check "afterwards the directory is" test ${#synced_after} -gt ${#plain_after}
  check "it gets one name" test "${synced_after//e/}" = ""
done
finish
