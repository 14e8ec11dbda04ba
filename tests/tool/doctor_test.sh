#!/usr/bin/env bash
# usage: doctor_test.sh CAROUSEL HELPERS
# `carousel doctor` says what is missing and how to get it, and fails when nothing would work.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
fact() { python3 -c 'import json, sys; print(next((c["status"] + "|" + c["fact"] + "|" + c["fix"] for c in json.load(open("out"))["checks"] if c["name"] == sys.argv[1]), "no such check"))' "$1"; }
has() { # CHECK PATTERN
  local line
  line=$(fact "$1")
  [[ $line =~ $2 ]] || { echo "$line"; false; }
}

run "$carousel" doctor .
check "doctor ends well where io_uring works" test $status = 0
check "with a line per requirement" test "$(grep -cE '^(ok|warn|FAIL) ' out)" -ge 7
run "$carousel" doctor --json .
check "--json is one object" is_one_json_object out
for name in kernel io_uring io_uring_enter 'ring flags' kernel.io_uring_disabled 'locked memory limit' 'registered buffers' 'open files limit' 'huge pages' O_DIRECT; do
  check "$name is looked at" not has "$name" 'no such check'
done
check "every check that fails has a fix, the others none" \
  test "$(json out 'all((c["status"] == "ok") == (c["fix"] == "") for c in o["checks"])')" = True
run "$carousel" doctor --json missing
check "a path that does not exist fails" has O_DIRECT "^FAIL.*'missing'"
check "with status 1" test $status = 1
run "$carousel" doctor --json /proc
check "a file system without O_DIRECT is a warning" has O_DIRECT '^warn.*(refuses|not tried)'
run prlimit --nofile=100:100 "$carousel" doctor --json .
check "a small limit of open files is a warning" has 'open files limit' '^warn.100, less than 1024.*ulimit -n 1024'

cp "$carousel" program && chmod 755 program .
run prlimit --memlock=65536:65536 "${unprivileged[@]}" ./program doctor --json .
check "too little lockable memory is a warning" has 'locked memory limit' '^warn.64 KiB'
check "with the line that changes it" has 'locked memory limit' 'as root write `.* hard memlock [0-9]+` in /etc/security/limits.conf.*ulimit -l'
check "registration is tried and refused" has 'registered buffers' '^warn.plain: the kernel refused 64 buffers of 1 MiB \(RLIMIT_MEMLOCK\)'
check "which is no failure" test $status = 0
run prlimit --memlock=0:0 "${unprivileged[@]}" ./program doctor --json .
if [[ $(fact io_uring) == FAIL* ]]; then
  check "without any lockable memory there is no ring" has io_uring 'hard memlock'
  check "which is a failure" test $status = 1
fi

if [[ -x $helpers/deny_io_uring ]] && "$helpers/deny_io_uring" EPERM setup true; then
  run "$helpers/deny_io_uring" EPERM setup "$carousel" doctor --json .
  check "a filter that denies io_uring is a failure" has io_uring '^FAIL.*seccomp'
  check "with the way out" has io_uring 'docker run --security-opt seccomp='
  check "with status 1" test $status = 1
  run "$helpers/deny_io_uring" ENOSYS setup "$carousel" doctor --json .
  check "a kernel without io_uring is a failure, or a filter that pretends so" has io_uring '^FAIL.*seccomp filter pretends so \(ENOSYS, 38\)'
  for error in 'EPERM (1)' 'EACCES (13)' 'ENOSYS (38)'; do
    run "$helpers/deny_io_uring" "${error% *}" enter "$carousel" doctor --json .
    check "a filter that lets rings be made and refuses their use with ${error% *} is a failure" \
      has io_uring_enter "^FAIL.io_uring_enter: ${error//[()]/.}: a seccomp filter.*docker run --security-opt seccomp="
    check "with status 1" test $status = 1
  done
  run "$helpers/deny_io_uring" EPERM enter "$carousel" cp "$carousel" copied
  check "a copy under such a filter fails" test $status != 0
  check "and names the filter" grep -q 'io_uring_enter: EPERM (1): a seccomp filter' err
  run "$helpers/deny_io_uring" EPERM register "$carousel" doctor --json .
  check "a filter that denies io_uring_register is a warning" has 'registered buffers' '^warn.*io_uring_register: EPERM .1.: a seccomp filter'
  check "which is no failure" test $status = 0
  run "$helpers/deny_io_uring" EPERM register "$carousel" cp -a --verify "$carousel" copied
  check "copies work without it" test $status = 0
  run "$helpers/deny_io_uring" EPERM buffers "$carousel" doctor --json .
  check "a filter that denies registration is a warning" has 'registered buffers' '^warn.*io_uring_register'
  check "which is no failure" test $status = 0
else
  echo "SKIPPED: no seccomp here"
fi
if is_root && mount_new ram -t ramfs ramfs; then
  run "$carousel" doctor --json ram
  check "ramfs refuses O_DIRECT" has O_DIRECT "^warn.'ram' .ramfs. refuses it"
fi
make_fs() { # NAME OPTIONS MKFS...
  command -v "$3" >/dev/null || { echo "there is no $3, which scripts/setup installs" && return 1; }
  truncate -s 320M "$1.img" && "${@:3}" "$1.img" >/dev/null 2>&1 && mount_new "$1" -o "loop$2" "$1.img"
}
looks() { # PATH PATTERN
  run "$carousel" doctor --json "$1"
  has O_DIRECT "$2"
}
if is_root && mount_new memory -t tmpfs tmpfs; then
  check "tmpfs takes O_DIRECT, and nothing comes of it" looks memory "^warn.'memory' .tmpfs. is memory"
fi
if is_root && make_fs plain '' mkfs.ext4 -q -F && make_fs journal ,data=journal mkfs.ext4 -q -F; then
  check "ext4 tells what O_DIRECT wants" looks plain "^ok.'plain' .ext4. has it; alignment: memory [0-9]+, offsets and lengths [0-9]+"
  check "and that there is none where data goes through the journal" looks journal "^warn.'journal' .ext4. has none"
  echo content >journal/file
  check "also of a file" looks journal/file "^warn.'journal/file' .ext4. has none"
  head -c 9000000 /dev/urandom >journal/large
  run "$carousel" bench --seconds 0.1 --rounds 3 --block 64K --depth 1 journal/large
  check "bench knows it too" test $status = 0 -a "$(grep -c 'no direct I/O for this file' out)" = 1
  mkdir -p plain/{upper,work,lower,over} journal/{upper,work,lower,over}
  for fs in plain journal; do
    mount_new $fs/over -t overlay -o "lowerdir=$dir/$fs/lower,upperdir=$dir/$fs/upper,workdir=$dir/$fs/work" overlay ||
      { cat mount-error && exit 1; }
  done
  check "an overlay has what lies beneath" looks plain/over "^ok.'plain/over' .ext4 beneath overlayfs. has it"
  check "or has not" looks journal/over "^warn.'journal/over' .ext4 beneath overlayfs. has none"
fi
if is_root && make_fs xfs '' mkfs.xfs -q; then
  check "XFS tells it" looks xfs "^ok.'xfs' .xfs. has it; alignment"
fi
if is_root && make_fs btrfs '' mkfs.btrfs -q; then
  kernel=$(uname -r | awk -F. '{ print $1 * 100 + $2 }')
  if ((kernel >= 615 && kernel < 703)); then
    check "btrfs with checksums writes through the page cache" looks btrfs "^warn.'btrfs' .btrfs. has checksums"
  fi
  mkdir btrfs/without && chattr +C btrfs/without
  check "without them it does not" looks btrfs/without "^ok.'btrfs/without' .btrfs. takes it"
fi
if is_root && [[ -x $helpers/fault_fs && -c /dev/fuse ]]; then
  mkdir fuse && "$helpers/fault_fs" fuse >fuse-out 2>&1 && mounts+=("$dir/fuse")
  check "of FUSE nothing is known" looks fuse/ok "^warn.*(matter of a program|refuses it)"
fi
finish
