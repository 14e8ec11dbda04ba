#!/usr/bin/env bash
# usage: storage_test.sh CAROUSEL_MPI openmpi|mpich CAROUSEL FAULTS DELAY_FS
# Ranks whose storage is gone are left out, and others do their work; what nobody can copy is said.
. "$(dirname "$0")/lib.sh"
storage=${5:-}

is_root || skip "only root can give each rank a mount of its own"
[[ -x $storage && -c /dev/fuse ]] || skip "there is no FUSE here"
unshare -m --propagation private true 2>/dev/null || skip "there are no mount namespaces here"

# Each rank is a machine: ./seen is ./all by a file system of its own, whose process is in ./served.RANK.
cat >machine.sh <<'END'
rank=${OMPI_COMM_WORLD_RANK:-$PMI_RANK}
storage=$1
shift
"$storage" all seen 200 &
served=$!
until mountpoint -q seen; do kill -0 $served 2>/dev/null || break; sleep 0.05; done
echo $served >"served.$rank"
"$@"
status=$?
kill $served 2>/dev/null
exit $status
END
python3 - <<'END'
import os
for d in range(150):
    os.makedirs(f"all/tree/{d}")
    for f in range(10):
        with open(f"all/tree/{d}/{f}", "w") as file: file.write(f"{d} {f}" * 100)
for n in range(2):
    with open(f"all/tree/large{n}", "wb") as file: file.write(os.urandom(12 << 20))
for n in range(150): os.link(f"all/tree/{n}/0", f"all/tree/{n}/other-name")
END
mkdir seen
cat >missing.py <<'END'
"""usage: missing.py [MOST]: how many files of all/tree are not in all/copy as they are; whether each is said in ./err, by its name or
that of a directory it is in, and no more than MOST."""
import os, re, sys
# What is not there of a directory's attributes says nothing of its files.
said = set()
for sentence in open("err"):
    named = re.search(r"'(?:seen|all)/(tree|copy)/([^']*)'", sentence)
    if not named or " cannot keep " in sentence: continue
    if re.search("cannot go back to '[a-z]*/copy", sentence) and os.path.isdir(f"all/tree/{named[2]}"): continue
    said.add(named[2].rstrip("/"))
missing = []
for here, _, files in os.walk("all/tree"):
    for name in files:
        path = os.path.relpath(os.path.join(here, name), "all/tree")
        try:
            same = open(f"all/tree/{path}", "rb").read() == open(f"all/copy/{path}", "rb").read()
        except OSError:
            same = False
        if not same: missing.append(path)
def is_said(path):
    return path in said or any(path.startswith(s + "/") for s in said)
silent = [path for path in missing if not is_said(path)]
print(f"{len(missing)} missing, {len(silent)} of them in silence: {silent[:5]}")
most = int(sys.argv[1]) if len(sys.argv) > 1 else len(missing)
sys.exit(bool(silent) or len(missing) > most)
END

some_are_there() { [[ $(find all/copy -type f 2>/dev/null | wc -l) -gt 200 ]]; }
# lose RANK...: a copy to $target by 3 ranks whose storage is lost when some files are there.
lose() {
  rm -rf all/copy served.*
  # shellcheck disable=SC2046  # several words
  unshare -m --propagation private timeout --foreground -k 5 60 $(launcher) unshare -m --propagation private bash machine.sh "$storage" \
    "$program" cp -a --threads=1 --part-size=1M seen/tree "$target" >out 2>err </dev/null &
  local job=$! rank
  until_seen $job some_are_there
  for rank in "$@"; do kill -9 "$(cat "served.$rank")"; done
  wait "$job"
  status=$?
}
is_said() {  python3 missing.py "$@" || { sort err | uniq -c | sort -n | tail -n 20 && false; }; }

ends_with_1() { [[ $status -eq 1 ]] || { echo "status $status:" && tail -n 20 err && false; }; }

ranks=3
target=all/copy # which is not lost
lose 2
check "one rank without its storage does not hold up the others" test $status -ne 124
check "which of them it is is said" says "rank 2 on .* begins nothing more"
check "and few files are lost, each of which is said" is_said 60
target=seen/copy
lose 0 1
check "nor do two" test $status -ne 124
check "and little is lost" is_said 120
check "which gives 1" ends_with_1
lose 0 1 2
check "with all of them the job ends" ends_with_1
check "and all that is not copied is said" is_said
finish
