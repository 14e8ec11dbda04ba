#!/usr/bin/env python3
"""usage: copy_worlds.py CAROUSEL DOCS SOURCE TARGET FIRST_SEED LAST_SEED [USER]

`CAROUSEL cp` leaves what cp(1) leaves: each seed is a random tree in the directory SOURCE, something that is in the directory
TARGET already, and a command line; each program runs in one of two equal such worlds, as USER if one is named. Says every
difference that is no row of the tables in DOCS/cp-differences.md and DOCS/attributes.md, with the seed that repeats it.
"""
import collections, hashlib, os, pathlib, random, re, shutil, stat, struct, subprocess, sys, time

NAMES = [b"a", b"b", b"c", b"dir", b"two words", b"new\nline", b"-r", b"--", b"[x]", b"{y}", b"\xff", b".hidden", b"n" * 200, b"*"]
MODES = [0o000, 0o200, 0o300, 0o400, 0o500, 0o444, 0o600, 0o640, 0o755, 0o777, 0o1777, 0o2755, 0o4755, 0o6711]
SIZES = [0, 1, 511, 512, 1024, 4095, 4096, 4097, 70000, 1 << 20, (8 << 20) + 1]
TIMES = [1, 10**18 + 123456789, 1234567890 * 10**9, 2**31 * 10**9 + 7]
KINDS = {stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "link", stat.S_IFIFO: "FIFO", stat.S_IFSOCK: "socket", stat.S_IFCHR: "device"}
SPECIAL = {"FIFO": stat.S_IFIFO, "socket": stat.S_IFSOCK, "device": stat.S_IFCHR}
NO_DRIVER = os.makedev(300, 7)  # a number that Linux gives to no driver

# ---- A world: random, but the same for the same seed.

def access_list(rng, kind):
    """The value of the extended attribute: owner, a user, the group, the mask, others."""
    entries = [(1, 7, -1), (2, rng.choice([0, 4, 7]), 1000), (4, rng.choice([0, 5]), -1), (16, rng.choice([4, 7]), -1), (32, rng.choice([0, 5]), -1)]
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    return "system.posix_acl_" + (rng.choice(["access", "default"]) if kind == "directory" else "access"), value

class World:
    def __init__(self, seed, source, target, user):
        self.rng, self.user, self.kinds = random.Random(seed), user, {}
        self.source, self.target = os.path.join(source, b"w", b"s"), os.path.join(target, b"w", b"t")
        for top in (self.source, self.target):
            os.makedirs(top)
            self.kinds[top] = "directory"
        self.fill(self.source, self.rng.choice([2, 5, 12]))
        self.operands = self.choose_operands()
        self.options, self.into, self.onto = self.choose_options()
        self.prepare_target()
        self.dress()

    def some(self, chance): return self.rng.random() < chance
    def below(self, top): return [p for p in self.kinds if p == top or p.startswith(top + b"/")]

    def make(self, path, kind):
        if path in self.kinds or self.kinds.get(os.path.dirname(path)) != "directory": return
        rng, old = self.rng, [p for p, k in self.kinds.items() if k in ("file", "link") and p.startswith(path[:len(self.source)])]
        if kind == "directory": os.mkdir(path)
        elif kind in SPECIAL: os.mknod(path, SPECIAL[kind] | 0o644, NO_DRIVER if kind == "device" else 0)
        elif kind == "link": os.symlink(rng.choice([b"nowhere", b"a", b"dir/b", b".", os.path.basename(path), b"l" * 300]), path)
        elif kind == "hard" and old: os.link(first := rng.choice(old), path, follow_symlinks=False); kind = self.kinds[first]
        elif kind == "file": self.write(path)
        else: return
        self.kinds[path] = kind

    def write(self, path):
        rng, size = self.rng, self.rng.choice(SIZES if self.some(0.5) else SIZES[:4])
        with open(path, "xb") as f:
            f.truncate(size)
            for _ in range(rng.choice([1, 1, 3]) if size else 0):
                at = rng.randrange(0, size, 512) if self.some(0.5) else 0
                f.seek(at)
                f.write(rng.randbytes(min(size - at, rng.choice([512, 5000, 70000]))) if self.some(0.9) else bytes(min(size - at, 9000)))

    def fill(self, top, count):
        kinds = ["file"] * 8 + ["directory"] * 5 + ["link"] * 3 + ["hard"] * 2 + [*SPECIAL] * self.some(0.15)
        for _ in range(count):
            parents = [p for p in self.below(top) if self.kinds[p] == "directory"]
            kind = self.rng.choice(kinds)  # to read from a FIFO is to wait for ever: no link leads to one
            self.make(self.rng.choice(parents) + b"/" + (kind.encode() if kind in SPECIAL else self.rng.choice(NAMES)), kind)

    def choose_operands(self):
        """Directories side by side, and no two of one name: what else there is has rows of its own."""
        chosen = {}
        for path in self.rng.choices(self.below(self.source)[1:] or [self.source], k=self.rng.choice([1, 1, 1, 2, 3])):
            if not any(path.startswith(p + b"/") or p.startswith(path + b"/") for p in chosen.values()): chosen.setdefault(os.path.basename(path), path)
        if self.some(0.2): return [self.source]
        return [*chosen.values(), *([self.source + b"/absent"] if self.some(0.05) else [])]

    def choose_options(self):
        directories = any(self.kinds.get(p) in {"directory", *SPECIAL} for p in self.operands)
        options = [self.rng.choice([b"-r", b"-a", b"-a", b"-rp"] if directories else [b"-a", b"-p", b"-f", b"-P"])]
        options += [o for o, chance in {b"-n": .15, b"-P": .1, b"-v": .1, b"-u": .2, b"-L": .1, b"-H": .07, b"-d": .07, b"--sparse=always": .05, b"--sparse=never": .05}.items() if self.some(chance)]
        if b"-n" not in options and self.some(0.1): options.append(self.rng.choice([b"-b", b"--backup=t", b"-S.old"]))
        into = len(self.operands) > 1 or self.some(0.7)
        return options, into, self.target if into else self.target + b"/" + self.rng.choice(NAMES)

    def place_of(self, operand):
        return self.target + b"/" + os.path.basename(operand) if self.into else self.onto

    def prepare_target(self):
        """What is where copies will come: mostly of the same kind."""
        for operand in self.operands:
            for path in self.below(operand):
                if self.some(0.3): self.make(self.place_of(operand) + path[len(operand):], self.kinds[path] if self.some(0.8) else self.rng.choice(["file", "directory", "link", "hard"]))
        if self.some(0.3): self.fill(self.target, 2)

    def dress(self):
        rng = self.rng
        for path, kind in reversed(self.kinds.items()):
            owner = self.user if self.user and self.some(0.9) else rng.choice([0, 0, 1000])
            os.chown(path, owner, rng.choice([owner, owner, 7]), follow_symlinks=False)
            if kind in ("file", "directory"):
                if self.some(0.1): self.attribute(path, rng.choice(["user.a", "user.b", "trusted.c"]), rng.randbytes(rng.choice([0, 5, 300])))
                if self.some(0.07): self.attribute(path, *access_list(rng, kind))
            if kind != "link" and self.some(0.3): os.chmod(path, rng.choice(MODES))
            os.utime(path, ns=(rng.choice(TIMES), rng.choice(TIMES)), follow_symlinks=False)

    def attribute(self, path, name, value):
        try: os.setxattr(path, name, value)
        except OSError: pass  # this file system has no such thing

    def argv(self):
        """The words, and how each operand is spelt."""
        relative = lambda path: os.path.relpath(path, os.path.dirname(self.source))
        ends = [b""] * 8 + [b"/"] + [b"/."] * (len(self.operands) == 1)
        words = [relative(p) + (self.rng.choice(ends) if self.kinds.get(p) == "directory" else b"") for p in self.operands]
        to, options = relative(self.onto), list(self.options)
        if self.into and self.some(0.2): return options + [b"-t", to, b"--"] + words
        return options + [b"-T"] * (not self.into and self.some(0.3)) + [b"--"] + words + [to]

# ---- What is there, and a run.

def snapshot(tops, since):
    when = lambda ns: "now" if since and since <= ns < since + 3600 * 10**9 else ns
    found, names = {}, collections.defaultdict(list)
    for top in tops:
        for path in [top] + [os.path.join(at, n) for at, dirs, files in os.walk(top) for n in dirs + files]:
            about, place = os.lstat(path), os.path.relpath(path, os.path.dirname(top))
            kind = KINDS[stat.S_IFMT(about.st_mode)]
            listed = os.listxattr(path, follow_symlinks=False)
            found[place] = entry = {"kind": kind, "mode": about.st_mode & 0o7777, "owner": (about.st_uid, about.st_gid), "time": when(about.st_mtime_ns),
                                    "attributes": {n: os.getxattr(path, n, follow_symlinks=False) for n in listed}, "inode": about.st_ino}
            if kind in SPECIAL: entry["content"] = about.st_rdev
            if kind == "link":
                real = os.path.realpath(path)
                entry["content"], entry["leads"] = os.readlink(path), next((os.path.relpath(real, os.path.dirname(t)) for t in tops if (real + b"/").startswith(t + b"/")), None)
            if kind == "file": entry["content"] = hashlib.sha1(pathlib.Path(os.fsdecode(path)).read_bytes()).hexdigest()
            if kind != "directory": names[about.st_dev, about.st_ino].append(place)
    for group in names.values():
        for place in group: found[place]["names"] = sorted(group)
    return found

Run = collections.namedtuple("Run", "failed message named before after")

def is_named(message, *ends):
    """Whether a message is about an operand, its place at the target, or something below them; names that have to be escaped are left out."""
    return all(re.fullmatch(rb"[\w./-]+", e) for e in ends) and any(re.search(rb"'" + re.escape(e) + rb"['/]", message) for e in ends)

def run(program, seed, source, target, user):
    try:
        world = World(seed, source, target, user)
        tops, argv, cwd = (world.source, world.target), world.argv(), os.path.dirname(world.source)
        before, start = snapshot(tops, None), time.time_ns() - 10**9
        who = {"user": user, "group": user, "extra_groups": []} if user else {}
        done = subprocess.run([*program, *argv], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                              umask=0o022, env={**os.environ, "LC_ALL": "C"}, **who)
        errors = b"\n".join(l for l in done.stderr.split(b"\n") if not re.match(rb"\w+: (note|warning): ", l))
        named = {p for p in world.operands if is_named(errors, os.path.relpath(p, cwd), os.path.relpath(world.place_of(p), cwd))}
        return argv, Run(done.returncode != 0, errors, named, before, snapshot(tops, start))
    finally:
        for top in {os.path.join(source, b"w"), os.path.join(target, b"w")}: shutil.rmtree(top, ignore_errors=True)

# ---- Differences.

class Case:
    """One difference: of the whole run, or in what one entry has become."""
    def __init__(self, what, place, argv, cp, ours):
        self.what, self.place, self.runs = what, place, (cp, ours)
        self.cp, self.ours = cp.after.get(place), ours.after.get(place)
        self.before = self.before_of(cp, self.cp)
        self.options = set(argv[:argv.index(b"--")])
        self.keeps = bool(self.options & {b"-a", b"-p", b"-rp"})
    def of_run(self, side, words): return self.what in ("status", "operands") and re.search(words, self.runs[side].message)
    def became(self, cp, ours): return kind(self.cp) == cp and kind(self.ours) == ours
    def before_of(self, run, entry):
        return next((run.before[p] for p in [self.place, *(entry or {}).get("names", [])] if p in run.before), None)
    def untouched(self, entry):
        before = self.before_of(self.runs[entry is self.ours], entry)
        return entry and before and all(entry.get(k) == v for k, v in before.items())
    def cp_follows(self):
        """cp has written through a link to this place."""
        return any(e["kind"] == "link" and e["leads"] == self.place for e in self.runs[0].before.values())

def kind(entry): return entry and entry["kind"]
def names(entry): return entry["names"] if entry and "names" in entry else [None]

ROWS = {  # the first cell of a row in the documents: whether it is that
    "a FIFO, a socket or a device, without `-a`": lambda c: b"-a" not in c.options and (
        kind(c.cp) in SPECIAL and kind(c.ours) != kind(c.cp)
        or (c.what in ("status", "operands") or c.what == "time" and kind(c.cp) == "directory" and c.untouched(c.ours))
        and re.search(rb"is a FIFO, a socket or a device", c.runs[1].message)),
    "a device, a FIFO or a socket at the target": lambda c:
        c.before and kind(c.before) in SPECIAL and kind(c.before) == kind(c.ours) or c.of_run(1, rb"is a device, a FIFO or a socket"),
    "a directory that is named again inside another one (`cp -r a/b a DST`)": lambda c: re.search(rb"will not create hard link .* to directory", c.runs[0].message),
    "what `-u` keeps, and a copy is of another name of its source": lambda c:
        b"-u" in c.options and not c.options & {b"-a", b"-d"} and c.untouched(c.ours) and len(names(c.cp)) > 1,
    "a special file that `-L` may have reached through a link": lambda c: b"-L" in c.options and re.search(rb"cannot create (fifo|special file).*: File exists", c.runs[0].message),
    "a newer directory in the way of a file, with `-u`": lambda c:
        c.of_run(1, rb"is a directory, which is not replaced|is a link to a directory")
        or b"-u" in c.options and re.search(rb"cannot create hard link .*: Is a directory", c.runs[0].message),
    "what is in the way of a device that a user may not make": lambda c: c.untouched(c.ours) and re.search(rb"cannot create special file", c.runs[0].message),
    "special bits of a FIFO, a socket or a device, for a user": lambda c:
        c.what == "mode" and c.keeps and kind(c.cp) in SPECIAL and not (c.cp["mode"] ^ c.ours["mode"]) & 0o777,
    "the sticky bit of a directory whose owner is not kept": lambda c:
        c.what == "mode" and c.keeps and kind(c.cp) == "directory" and c.cp["mode"] ^ c.ours["mode"] == 0o1000,
    "a symbolic link at the target, and a file to be there": lambda c:
        kind(c.before) == "link" and c.became("link", "file") or c.untouched(c.ours) and c.cp_follows()
        or c.what == "time" and any(os.path.dirname(p) == c.place and kind(e) == "link" and kind(c.runs[0].after.get(p)) == "file" for p, e in c.runs[0].before.items())
        or c.of_run(0, rb"dangling symlink|Too many levels of symbolic links|File name too long"),
    "other names of a file at the target": lambda c: len(names(c.before)) > 1,
    "a file at the target that may not be written to, by its owner": lambda c:
        c.before and kind(c.ours) == "file" and (c.untouched(c.cp) or b"-f" in c.options and not c.before["mode"] & 0o200) or c.of_run(0, rb"cannot (create|remove|open).*: Permission denied"),
    "extended attributes of what is at the target, with `-p` or `-a`": lambda c:
        c.what == "attributes" and c.keeps and kind(c.before) == "file" and c.ours["attributes"].items() <= c.cp["attributes"].items(),
    "`trusted.*` attributes of a file at the target, for a user": lambda c:
        c.what == "attributes" and kind(c.before) == "file" and all(n.startswith("trusted.") for n in c.cp["attributes"].keys() ^ c.ours["attributes"].keys()),
    "owner and group that a user cannot give, of a file at the target, with `-p` or `-a`": lambda c:
        c.what == "owner" and c.keeps and kind(c.before) == "file" and c.cp["owner"] == c.before["owner"],
    "an extended attribute is not kept": lambda c: c.what == "attributes" and c.ours["attributes"].items() >= {
        (n, v) for n, v in c.cp["attributes"].items() if not (n.startswith("trusted.") and kind(c.before) == "file" and n in c.before["attributes"])},
    "special bits of what is at the target, with `-p`": lambda c: c.what == "mode" and c.keeps and c.before and not (c.cp["mode"] ^ c.ours["mode"]) & 0o777,
    "a new directory inside one with set-group-ID": lambda c: c.what == "mode" and c.keeps and not c.before and c.cp["mode"] ^ c.ours["mode"] == 0o2000,
    "without `-p`: a new directory under a default list": lambda c: c.what in ("mode", "attributes") and not c.keeps and kind(c.cp) == "directory" and not c.before,
    "what has a further name of a file, under `-a -n`": lambda c: {b"-a", b"-n"} <= c.options and (c.untouched(c.ours) or len(names(c.cp)) > 1),
    "the time of a directory at the target in which a file is replaced": lambda c: c.what == "time" and kind(c.cp) == "directory" and c.ours["time"] == "now",
}

def differences(argv, cp, ours):
    case = lambda what, place=None: Case(what, place, argv, cp, ours)
    if cp.failed != ours.failed: yield case("status")
    if cp.named != ours.named: yield case("operands")
    for place in sorted(cp.after.keys() | ours.after.keys()):
        one, other = cp.after.get(place), ours.after.get(place)
        if kind(one) != kind(other): yield case("entry", place); continue
        for what in ("content", "mode", "owner", "time", "attributes", "names"):
            if one.get(what) != other.get(what): yield case(what, place)

def tell(seed, argv, case):
    print(f"seed {seed}: cp {argv}\n  {case.what} of {case.place}: before {case.before}")
    for who, entry, it in (("cp", case.cp, case.runs[0]), ("carousel", case.ours, case.runs[1])):
        print(f"    {who}: {entry}\n      failed {it.failed}, named {it.named}: {it.message}")

def main():
    carousel, docs, source, target, first, last, *user = sys.argv[1:]
    cells = {m[1] for page in ("cp-differences.md", "attributes.md") for m in re.finditer(r"(?m)^\| ([^|]*?) \|", pathlib.Path(docs, page).read_text())}
    missing, bad, seen = [row for row in ROWS if row not in cells], 0, collections.Counter()
    for row in missing: print("no row of the documents: " + row)
    source, target = os.path.realpath(os.fsencode(source)), os.path.realpath(os.fsencode(target))
    for seed in range(int(first), int(last) + 1):
        argv, cp = run(["cp"], seed, source, target, int(*user or [0]))
        _, ours = run([carousel, "cp"], seed, source, target, int(*user or [0]))
        rows = {}  # of places, for names that differ because another name of the file does
        for case in sorted(differences(argv, cp, ours), key=lambda c: c.what == "names"):
            row = next((row for row, holds in ROWS.items() if holds(case)), None)
            if case.what == "names" and not row: row = next((rows.get(p) for p in {*names(case.cp)} ^ {*names(case.ours)}), None)
            rows.setdefault(case.place, row)
            seen[row] += 1
            if not row: bad += 1; tell(seed, argv, case)
    for row, times in seen.most_common(): print(f"{times:5} {row or 'in no document'}")
    sys.exit(bool(bad or missing))

main()
