#!/usr/bin/env python3
"""usage: bench/builds/two_builds.py FIRST=FOLDER SECOND=FOLDER FILE [--cases NAME,...] [--regressions] [--json FILE] [--quick]

The same work by two builds of Carousel, in turn: each FOLDER has the programs `transfer` and `nop` of one build, FIRST and SECOND are
their names in the tables, and FILE is made anew for reads from the page cache. The figures of a run are its median slice, and a ratio is
of neighbours.

With --regressions it fails where the second is slower: by 3 % or more in the median, and in 13 of 15 pairs at least, which
chance does in one of 270 comparisons.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile

PAIRS = 15
SLOWER_PAIRS = 13
SLOWER_RATIO = 0.97

READS = "random reads of 4 KiB, page cache, "
# Name: title, program, its arguments (FILE stands for the file), rival in its table.
CASES = {
    "kept-1": (READS + "lease kept, depth 1", "transfer", "FILE --pin --depth 1 --rivals kept", "Carousel, lease kept"),
    "kept-32": (READS + "lease kept, depth 32", "transfer", "FILE --pin --depth 32 --rivals kept", "Carousel, lease kept"),
    "pool-1": (READS + "through the pool, depth 1", "transfer", "FILE --pin --depth 1 --rivals carousel", "Carousel"),
    "pool-32": (READS + "through the pool, depth 32", "transfer", "FILE --pin --depth 32 --rivals carousel", "Carousel"),
    "zero-32": ("reads of 512 B, /dev/zero, depth 32", "transfer", "/dev/zero --pin --block 512 --depth 32 --rivals carousel",
                "Carousel"),
    "nop-1": ("NOP, 1 in flight", "nop", "--batch 1", "Carousel"),
    "nop-32": ("NOP, 32 in flight", "nop", "--batch 32", "Carousel"),
    "nop-256": ("NOP, 256 in flight", "nop", "--batch 256", "Carousel"),
}


def run(folder, case, path, quick):
    """Rate and CPU time of one run."""
    _, program, arguments, name = case
    with tempfile.NamedTemporaryFile("r") as sheet:
        command = [f"{folder}/{program}", *(path if a == "FILE" else a for a in arguments.split()), "--json", sheet.name]
        command += ["--quick"] if quick else ["--rounds", "5", "--slice", "0.05"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rival = next(r for r in json.loads(sheet.read())["rivals"] if r["name"] == name)
    return rival["rate"]["median"], rival["cpu_us"]


def spread(values):
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def compare(builds, case, path, quick):
    pairs = [[run(folder, case, path, quick) for _, folder in builds] for _ in range(1 if quick else PAIRS)]
    rivals = []
    for which, (name, _) in enumerate(builds):
        rivals.append({"name": name, "rate": spread([p[which][0] for p in pairs]),
                       "ratio": spread([p[which][0] / p[0][0] for p in pairs]),
                       "cpu_us": statistics.median([p[which][1] for p in pairs])})
    slower = sum(second[0] < first[0] for first, second in pairs)
    return slower, {"workload": "builds", "title": case[0], "unit": "ops/s", "cpu": "process", "pinned": True,
                    "rounds": len(pairs), "reference": rivals[0]["name"], "notes": [], "rivals": rivals}


def build_of(argument):
    name, _, folder = argument.rpartition("=")
    if not name or not folder:
        raise argparse.ArgumentTypeError(f"{argument} is not NAME=FOLDER")
    return name, folder


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("first", type=build_of)
    parser.add_argument("second", type=build_of)
    parser.add_argument("file")
    parser.add_argument("--cases", type=lambda names: names.split(","), default=list(CASES))
    parser.add_argument("--regressions", action="store_true")
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    for name in options.cases:
        if name not in CASES:
            parser.error(f"there is no case {name}; there are {', '.join(CASES)}")
    regressions = []
    for name in options.cases:
        slower, sheet = compare((options.first, options.second), CASES[name], options.file, options.quick)
        print(f"{sheet['title']} ({sheet['rounds']} pairs)")
        for r in sheet["rivals"]:
            ratio = r["ratio"]
            print(f"  {r['name']:<28}{r['rate']['median']:>14.0f}{r['cpu_us']:>14.3f}{ratio['median']:>9.3f}"
                  f"  {ratio['low']:.3f}-{ratio['high']:.3f}", flush=True)
        if slower >= SLOWER_PAIRS and sheet["rivals"][1]["ratio"]["median"] < SLOWER_RATIO:
            regressions.append(sheet["title"])
        if options.json:
            with open(options.json, "a", encoding="utf-8") as out:
                out.write(json.dumps(sheet) + "\n")
    if options.regressions and regressions:
        sys.exit("slower by 3 % or more, and not by chance: " + "; ".join(regressions))


if __name__ == "__main__":
    main()
