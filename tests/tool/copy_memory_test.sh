#!/usr/bin/env bash
# usage: copy_memory_test.sh CAROUSEL
# A name takes little memory, also among hundreds of thousands in one directory. A copy fits its buffers to what its control group
# has left: the kernel would kill it for more, without an error.
. "$(dirname "$0")/lib.sh"

peak_with() { # NAMES: KiB of a copy of a directory with so many
  local names
  names=$(mktemp -d /dev/shm/carousel-test.XXXXXX) || return 1
  mkdir "$names/flat"
  python3 - "$carousel" "$names" "$1" <<'END'
import os, resource, subprocess, sys
carousel, names, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
flat = os.open(names + "/flat", os.O_RDONLY)
for i in range(count): os.mknod(f"name-of-file-{i:07}", 0o644, dir_fd=flat)
done = subprocess.run([carousel, "cp", "-a", "--json", names + "/flat", names + "/copy"], stdout=subprocess.DEVNULL)
if done.returncode == 0 and len(os.listdir(names + "/copy")) == count:
  print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
  rm -rf "$names"
}
if [[ ! -w /dev/shm ]]; then
  echo "SKIPPED: no /dev/shm"
elif [[ $(df --output=iavail /dev/shm | tail -1) -lt 600000 ]]; then
  echo "SKIPPED: /dev/shm has no room for 540,000 names"
elif ! grep -qaE "__(asan_init|tsan_init|ubsan_handle)" "$carousel"; then
  few=$(peak_with 70000) many=$(peak_with 270000)
  check "each name in a large directory takes less than 48 bytes ($few KiB with 70,000 of them, $many KiB with 270,000)" \
    test "$(((many - few) * 1024 / 200000))" -lt 48
  check "and the rest of a copy less than 20 MiB" test "$few" -lt 20480
fi

is_root || skip "making a control group needs root"

group=
# shellcheck disable=SC2317  # called by the trap
remove_group() {
  clean_up
  [[ -z $group ]] || rmdir "$group"
}
trap remove_group EXIT
# A group inside of the one that the test is in, of whichever version has the memory here.
make_group() {
  local own mounted
  own=$(sed -n 's/^[0-9]*:\([^:]*,\)\?memory\(,[^:]*\)\?://p' /proc/self/cgroup)
  mounted=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
  if [[ -n $own && -n $mounted ]]; then
    limit=memory.limit_in_bytes
  else
    own=$(sed -n 's/^0:://p' /proc/self/cgroup)
    mounted=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
    limit=memory.max
  fi
  [[ -d $mounted$own ]] || own=
  mkdir "$mounted$own/carousel-test-$$" 2>/dev/null || return 1
  group=$mounted$own/carousel-test-$$
  [[ -e $group/$limit ]]
}
make_group || skip "no control group can be made here that limits memory"

within() { # MIB ARGUMENT...: of carousel cp
  echo $(($1 << 20)) >"$group/$limit" || return 1
  run bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$carousel" cp "${@:2}"
  [[ $status -eq 0 ]] || { echo "status $status"; cat out err; false; }
}
head -c 67108864 /dev/urandom >large
sync large
check "64 MiB are copied within 32 MiB" within 32 large copy
check "whole" cmp large copy
check "with fewer buffers" says "note: [0-9]* buffers of [0-9]* KiB are used, and not 32 of 1024: $limit of $group leaves [0-9]* MiB"
check "and when many are asked for" within 32 --buffers 256 --buffer-size 4M large copy
check "whole" cmp large copy
check "within 16 MiB too" within 16 large copy
check "whole" cmp large copy
check "where there is room nothing is said" within 1024 large copy
check "at all" not test -s err
finish
