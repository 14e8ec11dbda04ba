#!/usr/bin/env bash
# usage: stock_test.sh LIBRARY
# RocksDB's own programs, unchanged, on the file system of LIBRARY.
set -uo pipefail
library=$(realpath "$1")

for program in db_bench ldb sst_dump; do
  if ! command -v $program >/dev/null; then
    echo "SKIPPED: $program is not installed (rocksdb-tools)"
    exit 77
  fi
done

dir=$(mktemp -d "${TMPDIR:-/var/tmp}/carousel-rocksdb.XXXXXX")
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
failures=0
check() { # FACT COMMAND...
  local fact=$1
  shift
  if "$@"; then
    echo "ok: $fact"
  else
    echo "FAILED: $fact"
    tail -n 5 out said | cut -c1-200
    failures=$((failures + 1))
  fi
}
not() { ! "$@"; }

# preloaded PROGRAM [ARGUMENT]...: on our file system; what it says is in `out` and `said`.
preloaded() {
  local program=$1
  shift
  env LD_PRELOAD="$library" CAROUSEL_ROCKSDB_COUNTERS=1 "$program" --fs_uri=carousel:// "$@" >out 2>said
}
count_of() { # NAME: what the library has counted at the end of the last program
  sed -nE "s/.*carousel-rocksdb: .*\<$1 ([0-9]+).*/\1/p" said
}
counted() { # NAME [AT LEAST]
  [[ $(count_of "$1") -ge ${2:-1} ]]
}

keys=20000
make_database="--db=$dir/db --num=$keys --value_size=400 --compression_type=none --seed=1"
use="$make_database --use_existing_db=1 --cache_size=1048576"
direct=--use_direct_reads=true
if ! dd if=/dev/zero of=direct bs=4096 count=1 oflag=direct status=none 2>/dev/null; then
  echo "direct reads are not to be had in $dir: buffered ones"
  direct=
fi

# shellcheck disable=SC2086  # these are lists of options
bench() { preloaded db_bench "$@"; }
found() { # BENCHMARK: what it says that it has found, as in "(4992 of 4992 found)"
  grep -oE "^$1 .*found\)" out | grep -oE '\([0-9]+ of [0-9]+ found\)'
}
found_by_default() { # BENCHMARK OPTION...
  local benchmark=$1
  shift
  # shellcheck disable=SC2086
  db_bench $use $direct --benchmarks="$benchmark" "$@" 2>&1 | grep -oE '\([0-9]+ of [0-9]+ found\)'
}

# shellcheck disable=SC2086
{
  check "db_bench fills a database" bench $make_database --benchmarks=fillrandom,overwrite,compact
  check "on our file system" counted files

  check "an env of the URI reads" env LD_PRELOAD="$library" CAROUSEL_ROCKSDB_COUNTERS=1 \
    db_bench --env_uri=carousel:// $use $direct --benchmarks=readrandom --reads=1000 >out 2>said
  check "by the same file system" counted files

  check "readrandom reads" bench $use $direct --benchmarks=readrandom --reads=3000
  check "what is there" test "$(found readrandom)" = "$(found_by_default readrandom --reads=3000)"

  many="--reads=3000 --batch_size=64 --multiread_batched"
  check "multireadrandom reads" bench $use $direct --benchmarks=multireadrandom $many
  check "what is there, as often as the default file system" \
    test "$(found multireadrandom)" = "$(found_by_default multireadrandom $many)"
  check "on rings" counted "by ring" 1000
  check "with nothing that a ring refused" test "$(count_of redone)" = 0

  if [[ $direct ]]; then
    check "readseq reads" bench $use $direct --benchmarks=readseq
    check "ahead" counted ahead 10
    check "little of it in vain" test "$(($(count_of unread) * 4))" -lt "$(count_of ahead)"
    check "readrandom reads" bench $use $direct --benchmarks=readrandom --reads=3000
    check "nothing ahead" test "$(count_of ahead)" -lt 5
  fi
  check "readseq reads in advance" bench $use $direct --benchmarks=readseq --async_io
  check "through ReadAsync, and waits for each" counted polls 10
  check "buffered too" bench $use --benchmarks=readseq --async_io
  check "through ReadAsync" counted "async reads" 10
  check "seekrandom aborts what it does not need" \
    bench $use $direct --benchmarks=seekrandom --seek_nexts=200 --async_io --reads=200
  check "by AbortIO" counted aborts 10
  check "all that was begun was polled or aborted" \
    test "$(count_of "async reads")" = "$(($(count_of polls) + $(count_of aborts)))"

  check "eight threads read" \
    bench $use $direct --benchmarks=multireadrandom $many --threads=8
  check "on a ring each" counted "by ring" 8000
  check "readwhilewriting, compactions beside it" \
    bench $use $direct --benchmarks=readwhilewriting --threads=4 --reads=2000 --write_buffer_size=262144
  check "direct writes and compactions" \
    bench $use $direct --use_direct_io_for_flush_and_compaction --benchmarks=overwrite,compact
  check "checksums of all files are right" bench $use --benchmarks=verifychecksum
  check "and nothing says otherwise" not grep -qi corrupt out said
}

check "ldb finds the database consistent" preloaded ldb --db="$dir/db" checkconsistency
check "and says so" grep -qx OK out

# What programs print of the content is compared as a whole, with what they print by themselves.
same_content() { # PROGRAM ARGUMENT...: and not little; what is not content is different each time
  preloaded "$@" && grep -E "^(0x|')" out >ours
  "$@" 2>/dev/null | grep -E "^(0x|')" >theirs
  cmp ours theirs >>said && [[ $(wc -l <ours) -gt 1000 ]]
}
# ldb opens files as the database was last opened.
for way in $direct buffered; do
  # shellcheck disable=SC2086
  check "the database is opened for reads that are $way" bench $use ${way/buffered/} --benchmarks=readseq --reads=10
  for command in scan dump idump; do
    check "ldb $command shows what it shows on the default file system" same_content ldb --db="$dir/db" $command --hex
    check "through our files" counted files
    [[ $way = buffered ]] || check "which were read ahead" counted ahead 10
  done
done
one_sst() { find "$dir/db" -name '*.sst' -printf '%s %p\n' | sort -rn | head -n 1 | cut -d ' ' -f 2; }
check "sst_dump shows what it shows on the default file system" \
  same_content sst_dump --file="$(one_sst)" --command=scan --output_hex
check "sst_dump verifies it" preloaded sst_dump --file="$dir/db" --command=verify
check "through our files" counted files
check "a URI with something behind it is refused" \
  not env LD_PRELOAD="$library" ldb --fs_uri=carousel://elsewhere --db="$dir/db" checkconsistency

# A writer that is killed, with an ever longer log, has lost nothing that it had synced.
mkfifo progress
killed=0 lost=0
for i in {1..5}; do
  rm -rf killed
  # shellcheck disable=SC2086
  env LD_PRELOAD="$library" db_bench --fs_uri=carousel:// --db="$dir/killed" --num=1000000 --value_size=100 --sync=1 \
    --write_buffer_size=65536 --benchmarks=fillseq --stats_interval=20 --compression_type=none >/dev/null 2>progress &
  writer=$!
  exec 3<progress
  written=0
  while [[ $written -lt $((i * 200)) ]] && read -r -u 3 line; do
    [[ $line =~ \(20,([0-9]+)\)\ ops ]] && written=${BASH_REMATCH[1]}
  done
  kill -9 $writer
  wait $writer 2>/dev/null
  [[ $? -eq 137 ]] && killed=$((killed + 1))
  exec 3<&-
  preloaded ldb --db="$dir/killed" checkconsistency || lost=$((lost + 1))
  preloaded ldb --db="$dir/killed" scan --hex || lost=$((lost + 1))
  [[ $(grep -c '^0x.* : 0x' out) -ge $written ]] || lost=$((lost + 1))
done
check "5 writers were killed on the way" test $killed = 5
check "and what they had synced is there" test $lost = 0

exit $((failures > 0))
