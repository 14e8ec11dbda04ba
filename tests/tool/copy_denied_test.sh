#!/usr/bin/env bash
# usage: copy_denied_test.sh CAROUSEL HELPERS
# Without io_uring, without registration, without descriptors.
. "$(dirname "$0")/lib.sh"
head -c 20000000 /dev/urandom >large
mkdir tree && for i in {1..200}; do echo "$i" >tree/$i; done

if [[ -x $helpers/deny_io_uring ]] && "$helpers/deny_io_uring" EPERM buffers true; then
  for error in EPERM ENOSYS; do
    run "$helpers/deny_io_uring" $error setup "$carousel" cp large copy
    check "where io_uring is denied with $error nothing starts" test $status = 2
    check "nothing is written" not test -e copy
    check "and the reason is said" says "cannot use io_uring: "
  done
  run "$helpers/deny_io_uring" EPERM setup "$carousel" cp large copy
  check "a filter is named" says seccomp
  run "$helpers/deny_io_uring" ENOMEM setup "$carousel" cp large copy
  check "without memory for a ring nothing starts either" test $status = 2
  if is_root; then
    check "for whom no limit counts it is the kernel's memory" says "no memory for the queues of a ring"
    check "and not the limit" not says RLIMIT_MEMLOCK >/dev/null
    run "$helpers/deny_io_uring" ENOMEM setup "$carousel" doctor
    check "doctor says so too" grep -q "fix: the kernel has no memory for the queues" out
  fi
  for error in EPERM ENOMEM; do
    run "$helpers/deny_io_uring" $error buffers "$carousel" cp --json large copy
    check "where registration is denied with $error copies work" test $status = 0
    check "exactly" cmp large copy
    check "and it is said" says "the kernel does not register"
    check "in JSON too" test "$(json out 'o["registration"], len(o["notes"])')" = "('plain', 1)"
  done
  run "$helpers/deny_io_uring" EPERM buffers "$carousel" cp -r tree tree2
  check "small files need no registration" not says "note:" >/dev/null
else
  echo "SKIPPED: no seccomp here"
fi

if can_limit_memory; then
  if is_root; then chmod 755 . && mkdir work && chown "$own_user:$own_user" work; fi
  cp "$carousel" program && chmod 755 program
  mkdir -p work
  run prlimit --memlock=65536:65536 "${unprivileged[@]}" ./program cp large work/plain
  check "64 KiB of lockable memory are enough to copy" test $status = 0
  check "exactly" cmp large work/plain
  check "the limit is named" says "RLIMIT_MEMLOCK is 64 KiB"
  check "with the line that helps" says "hard memlock 33792"
  run prlimit --memlock=8388608:8388608 "${unprivileged[@]}" ./program cp --json --buffers 4 large work/fixed
  check "where the limit is enough the buffers are registered" test "$(json out 'o["registration"]')" = fixed
fi

for limit in 15 20 24 40; do
  run prlimit --nofile=$limit:$limit "$carousel" cp -a tree "few$limit"
  check "$limit descriptors are enough" test $status = 0
  check "nothing is missing" same_content tree "few$limit"
done
mkdir -p deep/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17/18/19/20/21
for d in deep deep/1 deep/1/2/3 deep/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17; do cp large $d/; done
run prlimit --nofile=20:20 "$carousel" cp -a deep few
check "for a deep tree with large files too" test $status = 0
check "nothing is missing" same_content deep few
for d in wide/{1..20}; do
  mkdir -p $d
  touch $d/{1..20}
done
for limit in 20 28 80; do
  run prlimit --nofile=$limit:$limit "$carousel" cp -a wide "wide$limit"
  check "and for a wide one with $limit" test $status = 0
  check "nothing is missing" same_content wide "wide$limit"
done
finish
