#!/usr/bin/env python3
"""usage: argv_worlds.py CAROUSEL FIRST_SEED LAST_SEED

What is touched is what argv says: random command lines of legal names, the oddest ones first of all, are given to
`CAROUSEL cp` and to cp(1) in two equal worlds, which must be equal afterwards. Says each seed that ends otherwise.
"""
import os, pathlib, random, shutil, subprocess, sys, tempfile

NAMES = [b"plain", b"[y]", b"y", b"[x", b"x]", b"[a,b]", b"a", b"[]", b"[[...p]]", b"++", b"-", b"--", b"-r", b"-t", b"---",
         b"{}", b"{a}", b"%%", b"%s", b"@file", b"a=b", b"--sync", b"1", b"-1", b"0x10", b"true", b"cp", b"bench", b"doctor",
         b"two words", b" lead", b"new\nline", b"'q'", b'"', b"\\n", b"\xff", b"...", b"~", b"$HOME", b"*", b"#", b";", b"/dev"[1:]]

def make_world(at, rng):
    """in/ with files, and with directories that hold one; out/ to copy into. Each file holds its name."""
    (inside := at / "w" / "in").mkdir(parents=True)
    (at / "out").mkdir()
    chosen = rng.sample(NAMES, 8)
    files, folders = chosen[:5], chosen[5:]
    for name in files:
        (inside / os.fsdecode(name)).write_bytes(b"file " + name)
    for name in folders:
        (folder := inside / os.fsdecode(name)).mkdir()
        (folder / os.fsdecode(rng.choice(NAMES))).write_bytes(b"in " + name)
    return files, folders

def spelt(name, rng, options_ended):
    if not name: return name
    if name.startswith(b"-") and name != b"-" and not options_ended or rng.random() < 0.1:
        name = b"./" + name
    return name

def make_argv(files, folders, rng):
    operands = rng.sample(files + folders, rng.choice([1, 1, 1, 2, 3]))
    outside = rng.choice([b"../../out", b"../../out/", b"../../out/" + rng.choice(NAMES)])
    to = rng.choice([rng.choice(NAMES), rng.choice(files), rng.choice(folders), outside, outside, b"missing/"])
    if to in operands: to = outside
    if rng.random() < 0.15: operands, to = [rng.choice([b".", b"..", folders[0] + b"/..", folders[0] + b"/.", folders[0] + b"/"])], outside
    if rng.random() < 0.08: operands[0] = b""
    elif rng.random() < 0.08: to = b""
    options = [b"-r"]
    into = to == outside and rng.random() < 0.3
    if into:
        options += rng.choice([[b"-t", to], [b"-t" + to], [b"--target-directory=" + to], [b"--target", to]])
    words = operands if into else operands + [to]
    ended = rng.random() < 0.4
    if ended: return options + [b"--"] + [spelt(w, rng, True) for w in words]
    words = [spelt(w, rng, False) for w in words]
    if rng.random() < 0.3: words.insert(rng.randrange(len(words) + 1), b"--")
    return words + options if b"--" not in words and rng.random() < 0.2 else options + words

def state(at):
    found = {}
    for folder, folders, names in os.walk(at):
        for name in folders: found[os.path.relpath(os.path.join(folder, name), at)] = None
        for name in names: found[os.path.relpath(os.path.join(folder, name), at)] = open(os.path.join(folder, name), "rb").read()
    return found

def run(program, at, seed):
    rng = random.Random(seed)
    argv = make_argv(*make_world(pathlib.Path(os.fsdecode(at)), rng), rng)
    done = subprocess.run([*program, *argv], cwd=os.path.join(at, b"w/in"), capture_output=True, timeout=60,
                          env={**os.environ, "LC_ALL": "C"})
    return argv, done, state(at)

def main():
    carousel, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    scratch, bad = os.fsencode(tempfile.mkdtemp(dir=".")), 0
    for seed in range(first, last + 1):
        at = os.path.join(scratch, b"world")
        argv, ours, made = run([carousel, "cp"], at, seed)
        shutil.rmtree(at)
        _, gnu, wanted = run(["cp"], at, seed)
        shutil.rmtree(at)
        if made == wanted and (ours.returncode == 0) == (gnu.returncode == 0): continue
        bad += 1
        print(f"seed {seed}: cp {argv}\n  GNU {gnu.returncode} {gnu.stderr}\n  ours {ours.returncode} {ours.stderr}")
        for path in sorted(made.keys() | wanted.keys()):
            if made.get(path, "absent") != wanted.get(path, "absent"):
                print(f"  {path!r}: GNU {wanted.get(path, 'absent')!r}, ours {made.get(path, 'absent')!r}")
    sys.exit(bad != 0)

main()
