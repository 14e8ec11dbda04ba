#!/usr/bin/env bash
# usage: bench_test.sh CAROUSEL HELPERS
# `carousel bench` reads a file and says what registration does for it, and gives no figures that it cannot stand for.
. "$(dirname "$0")/lib.sh"

bench() { run "$carousel" bench "$@"; } # STATUS is in $status
refuses() {                             # STATUS PATTERN ARGUMENT...
  local wanted=$1 pattern=$2
  shift 2
  bench "$@"
  [[ $status -eq $wanted ]] && grep -qE -- "$pattern" err && [[ ! -s out ]] || {
    echo "status $status:"
    cat out err
    false
  }
}
quick=(--seconds 0.3 --rounds 13 --block 4K,64K --depth 1,4)
head -c 3000000 /dev/urandom >file
chmod 444 file
touch -d '2020-01-02 03:04:05.678' file
about_file() { stat -c '%s %a %x %y %i' file; }
before=$(about_file)
cp file original && touch -a -d '2020-01-02 03:04:05.678' file
untouched() { [[ $before == "$(about_file)" ]] && cmp file original && touch -a -d '2020-01-02 03:04:05.678' file; }

bench file "${quick[@]}" --json --plot plot.svg
check "a measurement ends well" test $status = 0
cp out report
check "--json is one object" is_one_json_object report
check "of the file" test "$(json report 'o["file"]["path"], o["file"]["bytes"]')" = "('file', 3000000)"
check "with the machine" test "$(json report 'o["machine"]["kernel"], o["machine"]["cpus"] > 0')" = "('$(uname -r)', True)"
check "with a cell per block size and depth" \
  test "$(json report 'sorted({(c["block_bytes"], c["depth_wanted"]) for c in o["cells"]}) in ([(4096, 1), (4096, 4), (65536, 1), (65536, 4)], [(4096, 1), (4096, 4), (65536, 1)])')" = True
check "plain reads on ordinary pages are always there" \
  test "$(json report 'all(any((v["read"], v["pages"]) == ("plain", "4 KiB") for v in c["variants"]) for c in o["cells"])')" = True
check "every round counts its reads" \
  test "$(json report 'all(len(v["rounds"]) == 13 and all(r["reads"] > 0 and r["seconds"] > 0 and r["cpu_seconds"] > 0 for r in v["rounds"]) for c in o["cells"] for v in c["variants"])')" = True
check "and they are all of them" \
  test "$(json report 'all(v["reads"] == sum(r["reads"] for r in v["rounds"]) for c in o["cells"] for v in c["variants"])')" = True
check "percentiles ascend" \
  test "$(json report 'all(l == sorted(l) for c in o["cells"] for v in c["variants"] for l in [[v["latency_us"][k] for k in ("p50", "p90", "p99", "p99.9", "max")]])')" = True
check "medians lie within their quartiles" \
  test "$(json report 'all(v[k]["low"] <= v[k]["median"] <= v[k]["high"] for c in o["cells"] for v in c["variants"] for k in ("cpu_us_per_read", "reads_per_second", "gib_per_second"))')" = True
check "findings are those that the bounds allow" \
  test "$(json report 'all((c["finding"] in ("none", "unclear")) == (c["low"] <= 1 <= c["high"]) for c in o["comparisons"])')" = True
check "there is a verdict" test "$(json report 'len(o["verdict"]) > 40 and o["verdict"].endswith(".")')" = True
check "the plot is well-formed" python3 -c 'import sys, xml.dom.minidom as d; d.parse("plot.svg")'
check "it has a bar for each variant, twice" \
  test "$(grep -c '<rect.*<title>' plot.svg)" = "$(json report '2 * sum(len(c["variants"]) for c in o["cells"])')"
check "nothing temporary is left" no_leftovers
check "the file is as it was, its access time too" untouched

bench file "${quick[@]}" --cached
check "without --json there is a table" grep -q '^  plain, 4 KiB pages  ' out
check "with a verdict" grep -q '^Verdict: ' out
check "and how it was read" grep -q "^'file': 2.9 MiB on .*, through the page cache" out
LC_ALL=C bench file "${quick[@]}" --cached
check "in ASCII where the terminal knows no more" not grep -qP '[^\x00-\x7f]' out
bench file --seconds 0.2 --rounds 3 --block 4K --depth 1
check "too few rounds say that they are" grep -q 'So few rounds cannot tell a difference from chance: --rounds [0-9]* would' out
bench file --seconds 0.3 --rounds 13 --block 4K,4M --depth 1
check "a block larger than the file is left out" grep -q '^note: reads of 4 MiB are left out: the file has 2.9 MiB' out
check "and not the others" test "$(grep -c ', depth 1' out)" = 1

: >empty
mkfifo fifo
mkdir directory
head -c 100 original >tiny
check "a missing file" refuses 1 "cannot read 'missing': No such file" missing
check "an empty one" refuses 1 "'empty' is empty" empty
check "one without a whole block" refuses 1 "'tiny' has 100 bytes, too few" tiny
check "a directory" refuses 1 "'directory' is a directory; name a regular file" directory
check "a FIFO, without waiting for it" refuses 1 "'fifo' is no file; name a regular file" fifo
check "no file" refuses 2 "FILE is required"
check "a block that is none" refuses 2 "100 is not a multiple of 512" file --block 100
check "too many buffers" refuses 2 "more than 256 MiB" file --block 64M --depth 1024
check "a depth of none" refuses 2 "depth" file --depth 0
check "both ways to read" refuses 2 "excludes" file --cached --direct
check "a plot in place of the file" refuses 1 "'./file' is the file to be read" file --plot ./file
check "through a link too" bash -c "ln -s file link && $(declare -f run refuses bench); carousel=$carousel; refuses 1 'is the file to be read' file --plot link"
check "a plot in place of a device" refuses 1 "'/dev/null' is no regular file" file --plot /dev/null
check "a plot in no directory" refuses 1 "cannot write 'nowhere/plot.svg': No such file" file --plot nowhere/plot.svg
check "a plot that is a directory" refuses 1 "'directory' is no regular file" file --plot directory
echo old >old.svg
check "a failure leaves the old plot" refuses 1 "is empty" empty --plot old.svg
check "as it was" grep -qx old old.svg
check "the file is as it was" untouched

# It makes its ring when it has opened the file and knows its size and times. What it has read by
# then says nothing: a sanitizer reads more than the file has before main() begins.
has_a_ring() { # PID
  local fd
  for fd in "/proc/$1/fd"/*; do
    case $(readlink "$fd") in *io_uring*) return 0 ;; esac
  done
  return 1
}
# In the background, and the command when it measures.
bench_while() { # COMMAND...
  head -c 3000000 /dev/urandom >changing
  touch -d @1000000000 changing # each write is a change, also within one tick of the clock
  # A shell has its background jobs ignore SIGINT.
  env --default-signal=INT "$carousel" bench changing --seconds 100 --rounds 3 --block 4K --depth 1 >out 2>err &
  local pid=$!
  until has_a_ring $pid || ! kill -0 $pid; do sleep 0.01; done 2>/dev/null
  "$@" "$pid"
  wait $pid
  status=$?
}
append() { echo more >>changing; }
cut() { truncate -s 1000 changing; }
overwrite() { head -c 3000000 /dev/zero | dd of=changing conv=notrunc status=none; }
for change in append cut overwrite; do
  bench_while $change
  check "a file that changes ($change) has no figures" test "$status $(wc -c <out)" = "1 0"
  check "and the reason is said" says "changed while it was read\|became shorter meanwhile\|are not those that were read"
done
interrupt() { kill -INT "$1"; }
bench_while interrupt
check "an interruption ends it, without figures" test "$status $(wc -c <out)" = "130 0"

if is_root; then chmod 755 . && chmod 644 file; fi
cp "$carousel" program && chmod 755 program
if can_limit_memory; then
  run prlimit --memlock=65536:65536 "${unprivileged[@]}" ./program bench file "${quick[@]}" --json
  check "64 KiB of lockable memory are enough to measure" test $status = 0
  check "what is missing is said, with the line that helps" \
    test "$(json out 'any(n.startswith("RLIMIT_MEMLOCK is 64 KiB") and "hard memlock" in n for n in o["notes"])')" = True
  check "plain reads are there" test "$(json out 'o["cells"][0]["variants"][0]["read"]')" = plain
fi
if is_root; then
  run prlimit --memlock=8388608:8388608 "${unprivileged[@]}" ./program bench file --seconds 0.3 --rounds 13 --block 1M --depth 8 --json
  check "where the limit is enough for fewer buffers, the depth is smaller" \
    test "$(json out 'o["cells"][0]["depth_wanted"], o["cells"][0]["depth"] < 8, [v["read"] for v in o["cells"][0]["variants"]].count("fixed") > 0')" = "(8, True, True)"
  check "and that is said" test "$(json out 'any("instead of 8" in n for n in o["notes"])')" = True
  chmod 600 file
  run "${unprivileged[@]}" ./program bench file
  check "a file that may not be read" test "$status $(cat err)" = "1 carousel: cannot read 'file': Permission denied"
fi

no_huge_pages=(python3 -c 'import ctypes, os, sys; ctypes.CDLL(None).prctl(41, 1, 0, 0, 0); os.execv(sys.argv[1], sys.argv[1:])')
run "${no_huge_pages[@]}" "$carousel" bench file "${quick[@]}" --json
check "without huge pages they are left out" \
  test "$status $(json out '{v["pages"] for c in o["cells"] for v in c["variants"]}, {c["about"] for c in o["comparisons"]} <= {"registration"}')" = "0 ({'4 KiB'}, True)"
check "and that is said" test "$(json out 'any(n.startswith("huge pages are left out") for n in o["notes"])')" = True

if [[ -x $helpers/deny_io_uring ]] && "$helpers/deny_io_uring" EPERM setup true; then
  run "$helpers/deny_io_uring" EPERM setup "$carousel" bench file
  check "where io_uring is denied nothing starts" test $status = 2
  check "and the reason is said" says "cannot use io_uring: .*seccomp"
  run "$helpers/deny_io_uring" EPERM buffers "$carousel" bench file "${quick[@]}" --json
  check "where registration is denied plain reads are measured" test "$status $(json out '{v["read"] for c in o["cells"] for v in c["variants"]}')" = "0 {'plain'}"
  check "the reason is said" test "$(json out 'any(n.startswith("the kernel does not register buffers") for n in o["notes"])')" = True
  check "and of registration nothing" test "$(json out 'o["verdict"].startswith("Of registration nothing can be said")')" = True
else
  echo "SKIPPED: no seccomp here"
fi
if is_root && mount_new ram -t tmpfs tmpfs; then
  cp file ram/file
  check "tmpfs has no device to read from" refuses 1 "no device behind it" ram/file --direct
  bench ram/file "${quick[@]}"
  check "and is measured through the page cache" grep -q '^note: the file system has no device behind it: measured through the page cache' out
fi
if is_root && cp original image && device=$(losetup -f --show image 2>/dev/null); then
  bench "$device" "${quick[@]}" --json
  losetup -d "$device"
  check "a block device is read too" test "$status $(json out 'o["file"]["file_system"], o["file"]["bytes"], len(o["cells"]) > 2')" = "0 ('block device', 2999808, True)"
else
  echo "SKIPPED: no loop devices here"
fi
finish
