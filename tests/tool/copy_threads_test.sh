#!/usr/bin/env bash
# usage: copy_threads_test.sh CAROUSEL HELPERS
# Whichever thread copies a file, the tree and all that is said are the same.
. "$(dirname "$0")/lib.sh"

# Many small files, some long ones and some with holes between them, links of all kinds, names that may not be read.
mkdir -p tree/{a,b,c}/{1,2,3}
n=0
for d in tree/*/*; do
  for ((i = 0; i < 60; ++i, ++n)); do head -c $((n * 37 % 9000)) "$carousel" >"$d/$i"; done
  ln -s 1 "$d/link" && ln "$d/0" "$d/again" && ln "$d/link" "$d/link2"
  mkfifo "$d/fifo"
done
head -c 9000000 "$carousel" >tree/a/large
truncate -s 3M tree/b/holes && echo end >>tree/b/holes
for i in {1..40}; do ln tree/a/1/1 "tree/c/3/other$i"; done
listing() { # DIRECTORY TIMES: of what was not just made
  (cd "$1" && find . -mindepth 1 -printf "%p %y %m %U:%G %s $2 %n %l\n" | sort && find . -type f -exec md5sum {} + | sort -k2)
}
names_of_one() { (cd "$1" && find . -samefile a/1/1 | sort); }
said() { sed 's/ in [0-9.]* s$//'; }

copy_with() { # THREADS NAME ARGUMENT...: what it says in NAME.out and NAME.err
  local threads=$1 name=$2
  shift 2
  rm -rf target
  [[ ! -d start ]] || cp -a start target
  timeout -k 5 $hang_seconds "$carousel" cp --threads "$threads" "$@" >out 2>"$name.err"
  echo "status $?" >>"$name.err"
  said <out >"$name.out"
}
same_as_one() { # FACT ARGUMENT...: with 1, 2 and 8 threads
  local fact=$1 threads times=
  shift
  [[ $1 != -a* ]] || times=%T@
  copy_with 1 one "$@"
  listing target "$times" >one.listing
  [[ -z ${manifest:-} ]] || cp "$manifest" one.manifest
  for threads in 2 8; do
    copy_with $threads many "$@"
    listing target "$times" >many.listing
    check "$fact: the tree of $threads threads is that of one" cmp one.listing many.listing
    check "$fact: so is what they say" cmp one.out many.out
    check "$fact: and what is wrong" cmp one.err many.err
    [[ -z ${manifest:-} ]] || check "$fact: and the manifest" cmp one.manifest "$manifest"
  done
}

same_as_one "a tree" -av tree target
check "which is a copy" same_tree tree target
check "with the names of each file" cmp <(names_of_one tree) <(names_of_one target)
same_as_one "without attributes" -rv tree target
manifest=sums same_as_one "with a manifest" -av --manifest sums --hash xxh128 tree target
if command -v xxh128sum >/dev/null; then check "that is right" xxh128sum --quiet -c sums; fi
same_as_one "with backups" -avb tree/a/1 tree/a/2 tree/b/3 target 2>/dev/null
same_as_one "with a limit" -av --bwlimit 200M tree target

# Those that are decided on in turn are between others that wait for their turn, more than are copied at a time.
mkdir -p turns/{a,b} && for i in {1..64}; do head -c 3000 "$carousel" >turns/a/$i && ln turns/a/$i turns/b/$i; done
for i in {1..40}; do mkdir turns/c$i && truncate -s 100K turns/c$i/holes && echo end >>turns/c$i/holes && echo small >turns/c$i/small; done
same_as_one "links before files that take long" -av turns target
check "each of which has both names" test "$(find target -links 2 -type f | wc -l)" = 128

# Something is at the target: older, newer, in the way.
mkdir start && cp -a tree/a start/a && find start -name '1*' -exec touch -d '2001-01-01' {} + && find start -name '2*' -type f -delete
mkdir start/a/1/20 start/a/2/21 && ln -s nowhere start/a/3/22
same_as_one "over what is there" -rvT tree target
same_as_one "with -u" -auvT tree target
same_as_one "with -n" -anvT tree target
same_as_one "with --delete" -avT --delete tree target
same_as_one "with --resume" -avT --resume tree target
same_as_one "with --verify" -avT --verify tree target
same_as_one "several operands" -av tree/a tree/b tree/c target
rm -rf start
same_as_one "a dry run" -av --dry-run tree . 2>/dev/null

if is_root; then
  chmod 711 . && mkdir theirs && cp -a tree theirs/ && chmod -R a+rX theirs
  find theirs -name '3*' -type f -exec chmod 0 {} +
  mkdir at && chmod 777 at && cp "$carousel" program && chmod 755 program
  for threads in 1 2 8; do
    rm -rf at/target
    "${unprivileged[@]}" ./program cp -av --threads $threads theirs/tree at/target >out 2>"denied-$threads"
    echo "status $?" >>"denied-$threads"
    # What the run before has locked may still count against the limit.
    sed -i '/the kernel does not register/d' "denied-$threads"
    said <out >"allowed-$threads"
  done
  check "files that may not be read are named" grep -q "cannot open .*Permission denied" denied-1
  for threads in 2 8; do
    check "in the same order by $threads threads" cmp denied-1 denied-$threads
    check "between the same others" cmp allowed-1 allowed-$threads
  done
fi

# A target without room ends the copy, and leaves nothing that is half written.
if is_root && mount_new small -t tmpfs -o size=1M tmpfs; then
  for threads in 1 2 8; do
    find small -mindepth 1 -delete
    run "$carousel" cp -r --threads $threads tree small/target
    check "a full target is an error of $threads threads" test $status = 1
    check "which stop" says "stopped after 20 errors of the target"
    check "with the twenty that are told" test "$(grep -c 'No space left' err)" = 20
    check "and what is there is whole" test -z "$(diff -r --no-dereference tree small/target 2>&1 | grep -v '^Only in tree\|is a fifo')"
  done
fi

# Interrupted, and killed.
mkdir many && for d in {1..40}; do mkdir many/$d && for i in {1..50}; do head -c 5000 "$carousel" >many/$d/$i; done; done
is_whole() { [[ -z $(diff -r many "$1" 2>&1 | grep -v '^Only in many\|\.carousel-') ]]; } # each name that is final
declare -A catchable=([HUP]=--default-signal=HUP [INT]=--default-signal=INT [TERM]=--default-signal=TERM)
for signal in HUP INT TERM KILL; do
  whole=0 ended=0
  for ((round = 0; round < 4; ++round)); do
    rm -rf out-many
    # At full speed, where it may be over before the signal, and at one at which it is not.
    speed=()
    [[ $round -lt 2 ]] || speed=(--bwlimit=3M)
    # A shell has its background jobs ignore SIGINT.
    env ${catchable[$signal]:-} "$carousel" cp -a --threads 8 "${speed[@]}" many out-many >/dev/null 2>err &
    pid=$!
    until [[ -e out-many/$((round * 8 + 1)) ]] || [[ -n $(ls out-many 2>/dev/null) && $round -eq 0 ]]; do
      kill -0 $pid 2>/dev/null || break
    done
    kill -$signal $pid 2>/dev/null
    wait $pid
    ended=$((ended + ($? == 128 + $(kill -l $signal))))
    is_whole out-many && whole=$((whole + 1))
    [[ $signal = KILL ]] || [[ -z $(find out-many -name '.*.carousel-*' -print -quit) ]] || whole=-100
  done 2>/dev/null
  check "SIG$signal ends eight threads, $ended of 4 times on the way" test $ended -gt 0
  check "and each name that is there leads to all of its file" test $whole = 4
done

# Without descriptors or threads there are fewer.
run prlimit --nofile=40:40 "$carousel" cp -a --threads 8 many few
check "40 descriptors are enough for a copy that would like more threads" test $status = 0
check "exactly" same_tree many few
for wrong in 0 -1 1025 x; do check "--threads $wrong is refused" ends_with 2 --threads=$wrong tree x; done
finish
