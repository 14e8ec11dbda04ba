#!/usr/bin/env python3
"""usage: bench/tree/tree.py --carousel PROGRAM FOLDER [--json FILE] [--quick]

Copies of a tree of 20,000 files of 8 KiB that are in the page cache, and of one file of 1 GiB that is not, by `carousel cp`, `cp`,
`tar | tar` and `rsync`, in turn, each until syncfs has returned. A target is never deleted while others are timed: ext4 makes new
files slowly after many were deleted. CPU time is that of the programs, io_uring's workers included, and that of all processors,
because the kernel's own workers do part of the work. Everything is made below FOLDER, and deleted in the end.
"""

import argparse
import ctypes
import filecmp
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)


def sync(folder):
    fd = os.open(folder, os.O_RDONLY)
    if LIBC.syncfs(fd) != 0:
        sys.exit(f"syncfs: {os.strerror(ctypes.get_errno())}")
    os.close(fd)


def busy_seconds():
    user, nice, system, _idle, _wait, irq, softirq = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


def children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def drop_pages(path):
    fd = os.open(path, os.O_RDONLY)
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


def make_tree(folder, files):
    for i in range(files):
        if i % 100 == 0:
            (folder / str(i // 100)).mkdir(parents=True)
        (folder / str(i // 100) / str(i)).write_bytes(i.to_bytes(8, "little") * 1024)


def make_large(folder, mebibytes):
    folder.mkdir()
    with open(folder / "large", "wb") as out:
        for i in range(mebibytes):
            out.write(i.to_bytes(8, "little") * (1 << 17))


def rivals(carousel):
    """Name and command; SRC and DST stand for the folders. The first is what the others are compared with."""
    return {
        "cp -a": ["cp", "-a", "SRC", "DST"],
        "carousel cp -a": [carousel, "cp", "-a", "SRC", "DST"],
        "tar | tar": ["sh", "-c", 'mkdir "$1" && tar -C "$0" -cf - . | tar -C "$1" -xpf -', "SRC", "DST"],
        "rsync -a -W": ["rsync", "-a", "-W", "--inplace", "SRC/", "DST"],
    }


def same(left, right):
    found = filecmp.dircmp(left, right)
    if found.left_only or found.right_only or found.funny_files:
        return False
    _, wrong, failed = filecmp.cmpfiles(left, right, found.common_files, shallow=False)
    return not wrong and not failed and all(same(left / d, right / d) for d in found.common_dirs)


def copy(command, source, target, cold):
    """Seconds of one copy, CPU seconds of its programs and of all processors; ends the program if it failed or is not exact."""
    if cold:
        for path in source.iterdir():
            drop_pages(path)
    sync(source)
    words = [w.replace("SRC", str(source)).replace("DST", str(target)) for w in command]
    cpu, machine, start = children_seconds(), busy_seconds(), time.monotonic()
    done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    sync(source)
    took = time.monotonic() - start, children_seconds() - cpu, busy_seconds() - machine
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)} failed, there is no rate to print:\n{done.stderr}")
    if not same(source, target):
        sys.exit(f"{' '.join(words)}: the copy is not exact, there is no rate to print")
    if cold:
        shutil.rmtree(target)  # one file: nothing that the next one would feel, and the disk is not endless
    return took


def spread(values):
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def compare(title, unit, amount, source, work, programs, rounds, cold):
    seconds = {name: [] for name in programs}
    cpu = {name: 0.0 for name in programs}
    machine = {name: 0.0 for name in programs}
    for turn in range(rounds + 1):
        for number, (name, command) in enumerate(programs.items()):
            took, used, busy = copy(command, source, work / f"{source.name}-{turn}-{number}", cold)
            if turn > 0:  # the first round warms up
                seconds[name].append(took)
                cpu[name] += used
                machine[name] += busy
    first = seconds[next(iter(programs))]
    return {"workload": "tree", "title": title, "unit": unit, "pinned": False, "rounds": rounds,
            "reference": next(iter(programs)), "notes": [],
            "rivals": [{"name": name, "rate": spread([amount / s for s in seconds[name]]),
                        "ratio": spread([f / s for f, s in zip(first, seconds[name])]),
                        "cpu_us": cpu[name] / rounds / amount * 1e6,
                        "machine_us": machine[name] / rounds / amount * 1e6} for name in programs]}


def show(sheet):
    print(f"{sheet['title']} ({sheet['rounds']} rounds)")
    print(f"  {'':<30}{sheet['unit']:>11}{'CPU us/op':>11}{'all CPUs':>11}{'ratio':>9}  low-high")
    for r in sheet["rivals"]:
        low, high = r["ratio"]["low"], r["ratio"]["high"]
        print(f"  {r['name']:<30}{r['rate']['median']:>11.0f}{r['cpu_us']:>11.3f}{r['machine_us']:>11.3f}{r['ratio']['median']:>9.3f}"
              f"  {low:.3f}-{high:.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--carousel", required=True)
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    files, mebibytes, rounds = (200, 16, 1) if options.quick else (20_000, 1024, 5)
    if not shutil.which(options.carousel):
        sys.exit(f"{options.carousel} is no program")
    programs = {name: c for name, c in rivals(options.carousel).items() if shutil.which(c[0])}
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="carousel-tree.") as made:
        work = Path(made)
        make_large(work / "cold", mebibytes)
        make_tree(work / "small", files)
        sync(work)
        sheets = [
            compare(f"copy of one file of {mebibytes} MiB, not in the page cache, and syncfs", "MiB/s", mebibytes,
                    work / "cold", work, programs, rounds, cold=True),
            compare(f"copy of {files} files of 8 KiB in the page cache, and syncfs", "files/s", files,
                    work / "small", work, programs, rounds, cold=False)]
        for sheet in sheets:
            show(sheet)
        if options.json:
            with open(options.json, "a", encoding="utf-8") as out:
                out.writelines(json.dumps(sheet) + "\n" for sheet in sheets)


if __name__ == "__main__":
    main()
