#!/usr/bin/env bash
# usage: copy_extents_test.sh CAROUSEL [HELPERS]
# Sparse files with random extents, copied between file systems whose blocks and sectors have different sizes: every byte is the
# same, and no hole is filled that the target could keep. EXTENTS_SEED=$RANDOM tries other files.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
. "$(dirname "$0")/lib.sh"
is_root || skip "mounting file systems needs root"
seed=${EXTENTS_SEED:-1}
echo "seed $seed"

loops=()
# shellcheck disable=SC2317  # called by the trap
clean_up_loops() {
  clean_up
  for loop in "${loops[@]}"; do losetup -d "$loop" 2>/dev/null; done
}
trap clean_up_loops EXIT

names=()
make_fs() { # NAME SECTOR MKFS...
  local name=$1 sector=$2 device
  shift 2
  if ! command -v "$1" >/dev/null; then
    echo "SKIPPED: $name: there is no $1"
    return
  fi
  truncate -s 400M "$name.img"
  if device=$(losetup -f --show --sector-size "$sector" "$name.img" 2>mount-error) &&
    loops+=("$device") && "$@" "$device" >mkfs-out 2>&1 && mount_new "$name" "$device"; then
    names+=("$name")
  else
    echo "SKIPPED: $name: $(tail -1 mount-error)"
  fi
}
make_fs ext4-1k 512 mkfs.ext4 -q -F -b 1024
make_fs ext4-2k 512 mkfs.ext4 -q -F -b 2048
make_fs ext4-4k 512 mkfs.ext4 -q -F -b 4096
make_fs ext4-sectors-4k 4096 mkfs.ext4 -q -F -b 4096
make_fs xfs-512 512 mkfs.xfs -q -f -m crc=0 -b size=512
make_fs xfs-1k 512 mkfs.xfs -q -f -b size=1024
make_fs xfs-4k 512 mkfs.xfs -q -f -b size=4096
make_fs btrfs 512 mkfs.btrfs -q -f
if mount_new tmpfs -t tmpfs -o size=400M tmpfs; then names+=(tmpfs); fi
[[ ${#names[@]} -gt 1 ]] || skip "no two file systems here"

cat >world.py <<'E2'
import os, random, sys

def extents(fd):
    size, at, found = os.fstat(fd).st_size, 0, []
    while at < size:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
        except OSError:
            break
        end = min(os.lseek(fd, at, os.SEEK_HOLE), size)
        if at < end:
            found.append((at, end))
        at = end
    return found

def make(directory, seed):
    chance = random.Random(f"{directory} {seed}")
    os.makedirs(directory)
    for number in range(6):
        size = chance.choice([9 << 20, 16 << 20, (8 << 20) + chance.randrange(1 << 16), chance.randrange(5000, 1 << 20)])
        fd = os.open(f"{directory}/{number}", os.O_RDWR | os.O_CREAT)
        os.ftruncate(fd, size)
        unit = chance.choice([512, 1024, 2048, 4096, 1])
        at = 0
        for _ in range(chance.randrange(1, 120)):
            at += unit * chance.choice([0, 1, 2, 3, 5, 9, chance.randrange(1, 400)])
            length = unit * chance.choice([1, 1, 2, 3, 7, chance.randrange(1, 60)])
            if at + length > size:
                break
            os.pwrite(fd, chance.randbytes(length).replace(b"\0", b"\1"), at)
            at += length
        os.fsync(fd)
        os.close(fd)
    # At the end of what can be addressed, where the file system goes so far.
    fd = os.open(f"{directory}/far", os.O_RDWR | os.O_CREAT)
    try:
        os.ftruncate(fd, (1 << 63) - 1)
        os.pwrite(fd, b"begin", 70000)
        os.pwrite(fd, b"end", (1 << 63) - 5000)
        os.fsync(fd)
    except OSError:
        os.remove(f"{directory}/far")
    os.close(fd)

def compare(source, copy):
    for name in sorted(os.listdir(source)):
        if not os.path.exists(f"{copy}/{name}"):
            if name == "far":
                continue  # too large for the target
            sys.exit(f"{name} is missing")
        one, two = (os.open(f"{d}/{name}", os.O_RDONLY) for d in (source, copy))
        if os.fstat(one).st_size != os.fstat(two).st_size:
            sys.exit(f"{name} has another size")
        have, got = extents(one), extents(two)
        for begin, end in have + got:
            for at in range(begin, end, 1 << 20):
                length = min(1 << 20, end - at)
                if os.pread(one, length, at) != os.pread(two, length, at):
                    sys.exit(f"{name} differs in [{begin}, {end})")
        # Where neither file system can tell finer, a block of both is data if anything in it is.
        block = max(os.statvfs(f"{d}/{name}").f_bsize for d in (source, copy))
        data = {b for begin, end in have for b in range(begin // block, (end - 1) // block + 1)}
        for begin, end in got:
            for b in range(begin // block, (end - 1) // block + 1):
                if b not in data:
                    sys.exit(f"{name} has data instead of a hole at {b * block}")
        os.close(one), os.close(two)

if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3])
else:
    compare(sys.argv[2], sys.argv[3])
E2

copies() { # FROM TO OPTION...: what is too large for the target may fail
  run "$carousel" cp -a "${@:3}" "$1/world/." "$2/copy"
  [[ $status -eq 0 ]] || { [[ $status -eq 1 && -e $1/world/far ]] && ! grep -v "far': File too large" err; }
}
for name in "${names[@]}"; do python3 world.py make "$name/world" "$seed" || skip "no files on $name"; done
buffer_sizes=(1048576 65536 4096 5000 12288)
n=0
for from in "${names[@]}"; do
  for to in "${names[@]}"; do
    size=${buffer_sizes[n++ % ${#buffer_sizes[@]}]}
    check "$from to $to with buffers of $size bytes" copies "$from" "$to" --reflink=never --buffer-size "$size"
    check "every byte and every hole" python3 world.py compare "$from/world" "$to/copy"
    rm -rf "$to/copy"
  done
done
rm -rf -- */world

# What a fragmented file costs is counted in system calls.
calls() { # EXTENTS: of the copy of a file of 8 GiB with so many
  rm -rf scattered && mkdir scattered
  python3 - "$1" <<'E3'
import os, sys
fd = os.open("scattered/file", os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, 8 << 30)
for i in range(int(sys.argv[1])):
    os.pwrite(fd, b"data", i * (4 << 20))
os.fsync(fd)
E3
  strace -f -qq -o trace "$carousel" cp -r -T scattered scattered-copy >out 2>err || return 1
  wc -l <trace
}
if strace -qq -o trace true 2>/dev/null; then
  few=$(calls 500)
  many=$(calls 2000)
  check "the holes of a file cost nothing, its extents a few calls each ($few, $many)" test "$few" -lt 6000 -a "$((many - few))" -lt 7500
  check "and it has the same" python3 world.py compare scattered scattered-copy
else
  echo "SKIPPED: no tracing here"
fi

seq 1 2000000 >text
is_compressed() { [[ $(filefrag -v "$1") == *encoded* ]]; }
if [[ -d btrfs ]] && umount btrfs && mount -o compress-force=zstd "${loops[-1]}" btrfs; then
  check "a large file is copied to a btrfs that compresses" ends_with 0 --verify text btrfs/text
  sync -f btrfs
  check "and is compressed there" is_compressed btrfs/text
  mount -o remount,compress=no btrfs && mkdir btrfs/property && btrfs property set btrfs/property compression zstd
  check "one in a directory that compresses" ends_with 0 text btrfs/property
  sync -f btrfs
  check "is too" is_compressed btrfs/property/text
fi
finish
