#!/usr/bin/env bash
# RocksDB and LevelDB open a copy that lacks its log as an empty store, although every write was synced.
#
# One would guess: a store knows which files belong to it (it has a MANIFEST), so one that is missing is an error, with
# paranoid_checks at least. With table files it is so.
# What happens: the log, where all writes of the last megabytes are, is not among the files that the MANIFEST asks for. At opening,
# those logs that are there are read; one that is not is not missed. The keys are gone, the status is OK, and the store goes on from
# there. A log that was cut short is taken as far as it goes, without a word either. Its name is NUMBER.log, and that is what
# backups leave out: `rsync --exclude '*.log'`, "no need to keep logs".
# For whom it matters: who copies stores of programs built on them (Ceph, Kafka Streams, browsers, blockchain nodes, queues), with
# excludes, from a running program whose logs come and go, or with a tool that lost a file on the way.
# What follows for our users: use the checkpoint or backup call of the store. A copy that "opens fine" is no proof; a copier's exit
# status is one, if it says that every file arrived. Count keys, or keep one that is written last and must be there.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages librocksdb-dev=7.8.3-2 librocksdb7.8=7.8.3-2 libleveldb-dev=1.23-4 libleveldb1d=1.23-4 libsnappy1v5=1.1.9-3 \
  libgflags2.2=2.2.2-2 libzstd1=1.5.4+dfsg2-5+deb12u1 liblz4-1=1.9.4-1 rsync=3.5.0+ds1-0+deb12u1
echo "version    RocksDB 7.8.3, LevelDB 1.23"

# Both have the same interface in C, but for the first part of its names.
cat >keys.c <<'C'
#include STORE_HEADER
#include <stdio.h>
#include <string.h>

#define JOINED(a, b) a##b
#define NAME(a, b) JOINED(a, b)
#define STORE(name) NAME(STORE_PREFIX, name)

enum { keys = 1000 };

// keys write|compact|count FOLDER: writes and syncs a thousand keys, moves them into a table, or counts them.
int main(int argc, char **argv) {
  char *error = NULL;
  if (argc != 3) return 2;
  STORE(_options_t) *options = STORE(_options_create)();
  STORE(_options_set_create_if_missing)(options, strcmp(argv[1], "write") == 0);
  STORE(_options_set_paranoid_checks)(options, 1);
  STORE(_t) *store = STORE(_open)(options, argv[2], &error);
  if (error != NULL) return printf("%.10s\n", error), 1;
  STORE(_writeoptions_t) *synced = STORE(_writeoptions_create)();
  STORE(_writeoptions_set_sync)(synced, 1);
  STORE(_readoptions_t) *reading = STORE(_readoptions_create)();
  int found = 0;
  for (int i = 0; i < keys; ++i) {
    char key[16];
    size_t size;
    sprintf(key, "key %d", i);
    if (strcmp(argv[1], "write") == 0) STORE(_put)(store, synced, key, strlen(key), "value", 5, &error);
    else found += STORE(_get)(store, reading, key, strlen(key), &size, &error) != NULL;
    if (error != NULL) return printf("%.10s\n", error), 1;
  }
  if (strcmp(argv[1], "compact") == 0) STORE(_compact_range)(store, NULL, 0, NULL, 0);
  if (strcmp(argv[1], "count") == 0) printf("%d\n", found);
  STORE(_close)(store);
  return 0;
}
C
lib=$root/usr/lib/x86_64-linux-gnu
for store in rocksdb leveldb; do
  gcc -o keys keys.c -DSTORE_HEADER="<$store/c.h>" -DSTORE_PREFIX="$store" -I"$root/usr/include" \
    "$(find "$lib" -name "lib$store.so.[0-9]*" -type l)" -Wl,-rpath-link,"$LD_LIBRARY_PATH" -Wl,--allow-shlib-undefined
  ./keys write "$store"
  rsync -a --exclude '*.log' "$store/" no_log
  rsync -a "$store/" half_a_log
  for log in half_a_log/*.log; do truncate --size $(($(stat --format %s "$log") / 2)) "$log"; done
  expect "$store, files less in the copy without *.log" "$(($(find "$store" -type f | wc -l) - $(find no_log -type f | wc -l)))" 1
  expect "keys of 1000 in that, with paranoid_checks" "$(./keys count no_log)" 0
  few=$(./keys count half_a_log)
  expect "keys with half of the log, 400 to 600" "$((few >= 400 && few <= 600))" 1
  ./keys compact "$store"
  rsync -a --exclude '*.sst' --exclude '*.ldb' "$store/" no_table
  expect "after a compaction, without the table" "$(./keys count no_table || true)" Corruption
  expect "keys in the store itself" "$(./keys count "$store")" 1000
  rm -r no_log half_a_log no_table
done
