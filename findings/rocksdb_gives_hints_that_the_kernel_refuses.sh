#!/usr/bin/env bash
# RocksDB tells the kernel how long its files will live, and every hint is refused; which are taken is up to what lay on the stack.
#
# One would guess: a store that has called SetWriteLifeTimeHint on its logs and tables since 2017 gives the hint to the disk, or says that
# it could not. What the file object answers to GetWriteLifeTimeHint is for debugging.
# What happens: fcntl(F_SET_RW_HINT) wants the address of 64 bits. RocksDB gives that of an enum of 32, so that the upper half of the
# number is what the stack held behind it. When that is not 0 the kernel says EINVAL, the function has no result, and nothing is in the
# log. A store that fills three levels gives about a hundred hints, and the kernel takes none. The same call with a
# stack of zeros works, which is why a small test may show that it does. (A change of 2024 to RocksDB gives 64 bits.)
# For whom it matters: who measures write amplification on NVMe disks that sort by lifetime (FDP, streams), on zoned disks or
# F2FS, with and without hints, and compares RocksDB to itself. Who gives a number to fcntl or ioctl by an address.
# What follows for our users: look with F_GET_RW_HINT, or strace, whether a file has its hint before a figure is said to come of it.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages librocksdb-dev=7.8.3-2 librocksdb7.8=7.8.3-2 libsnappy1v5=1.1.9-3 libgflags2.2=2.2.2-2 libzstd1=1.5.4+dfsg2-5+deb12u1 \
  liblz4-1=1.9.4-1 strace=6.1-0.1 libunwind8=1.6.2-3
echo "version    RocksDB 7.8.3, Linux $(uname -r)"

cat >hints.cc <<'C'
#include <fcntl.h>
#include <rocksdb/db.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

// The hint that the kernel has for the file.
int kept() {
  const int file = open("file", O_RDONLY);
  std::uint64_t hint = 0;
  if (fcntl(file, F_GET_RW_HINT, &hint) != 0) std::exit(2);
  close(file);
  return static_cast<int>(hint);
}

// Leaves `byte` in the part of the stack that the next call uses.
[[gnu::noinline]] void paint(int byte) {
  volatile char room[8192];
  for (volatile char &c : room) c = static_cast<char>(byte);
}

// hints kernel|0|1|store: the hints 2 to 5 given to a file by 64 bits, or by RocksDB over a stack of such bytes; or a store is filled.
int main(int, char **argv) {
  const std::string what = argv[1];
  if (what == "store") {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.write_buffer_size = options.target_file_size_base = 1 << 20;
    options.max_bytes_for_level_base = 2 << 20;
    rocksdb::DB *store = nullptr;
    if (!rocksdb::DB::Open(options, "store", &store).ok()) return 1;
    for (int i = 0; i < 60000; ++i) {
      if (!store->Put({}, std::to_string(i * 7919 % 60000), std::string(300, 'x')).ok()) return 1;
    }
    if (!store->CompactRange({}, nullptr, nullptr).ok()) return 1;
    delete store;
    return 0;
  }
  for (std::uint64_t hint = 2; hint <= 5; ++hint) {
    unlink("file");
    std::unique_ptr<rocksdb::WritableFile> file;
    if (!rocksdb::Env::Default()->NewWritableFile("file", &file, {}).ok()) return 1;
    if (what == "kernel") {
      const int other = open("file", O_WRONLY);
      if (fcntl(other, F_SET_RW_HINT, &hint) != 0) return 1;
      close(other);
    } else {
      rocksdb::WritableFile *of = file.get();
      const auto lifetime = static_cast<rocksdb::Env::WriteLifeTimeHint>(hint);
      const int byte = std::atoi(argv[1]);
      paint(byte);
      of->SetWriteLifeTimeHint(lifetime);
    }
    std::printf("%d", kept());
  }
}
C
lib=$root/usr/lib/x86_64-linux-gnu
g++ -std=c++17 -O2 -o hints hints.cc -I"$root/usr/include" "$lib/librocksdb.so.7.8" -Wl,-rpath-link,"$LD_LIBRARY_PATH" \
  -Wl,--allow-shlib-undefined
expect "hints that files have, given 2, 3, 4, 5 as 64 bits" "$(./hints kernel)" 2345
expect "given by RocksDB, on a stack of zeros" "$(./hints 0)" 2345
expect "given by RocksDB, on a stack of ones" "$(./hints 1)" 0000
strace -ff -qq -e trace=fcntl -o calls ./hints store
grep -hE '0x40c|F_SET_RW_HINT' calls.* >given
expect "at least 50 hints given by a store ($(wc -l <given))" "$(($(wc -l <given) >= 50))" 1
expect "of these, taken" "$(grep -cE ' = 0$' given || true)" 0
expect "answers" "$(sed -E 's/.* = //' given | sort -u)" "-1 EINVAL (Invalid argument)"
