#!/usr/bin/env python3
"""usage: bench/checks/checks.py CHECKED UNCHECKED FILE [--json FILE] [--quick]

What the checks cost that stay on in every build: the same cached reads of 4 KiB by two builds of bench/transfer, with and without
CAROUSEL_UNCHECKED, in turn. The figures of a run are its median slice; a ratio is of neighbours.
"""

import argparse
import json
import statistics
import subprocess
import tempfile


def run(program, path, depth, quick):
    """Rate and CPU time of one run."""
    with tempfile.NamedTemporaryFile("r") as sheet:
        command = [program, path, "--pin", "--depth", str(depth), "--rivals", "kept", "--json", sheet.name]
        command += ["--quick"] if quick else ["--rounds", "5", "--slice", "0.05"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        rival = json.loads(sheet.read())["rivals"][0]
    return rival["rate"]["median"], rival["cpu_us"]


def spread(values):
    return {"median": statistics.median(values), "low": min(values), "high": max(values)}


def compare(checked, unchecked, path, depth, quick):
    pairs = [(run(unchecked, path, depth, quick), run(checked, path, depth, quick)) for _ in range(1 if quick else 15)]
    rivals = []
    for name, which in (("Carousel without checks", 0), ("Carousel", 1)):
        rivals.append({"name": name, "rate": spread([p[which][0] for p in pairs]),
                       "ratio": spread([p[which][0] / p[0][0] for p in pairs]),
                       "cpu_us": statistics.median([p[which][1] for p in pairs])})
    return {"workload": "checks", "title": f"random reads of 4 KiB, page cache, depth {depth}", "unit": "ops/s",
            "cpu": "process", "pinned": True, "rounds": len(pairs), "reference": rivals[0]["name"], "notes": [],
            "rivals": rivals}


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("checked")
    parser.add_argument("unchecked")
    parser.add_argument("file")
    parser.add_argument("--json")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    for depth in (1, 32):
        sheet = compare(options.checked, options.unchecked, options.file, depth, options.quick)
        print(f"{sheet['title']} ({sheet['rounds']} pairs)")
        for r in sheet["rivals"]:
            ratio = r["ratio"]
            print(f"  {r['name']:<28}{r['rate']['median']:>14.0f}{r['cpu_us']:>14.3f}{ratio['median']:>9.3f}"
                  f"  {ratio['low']:.3f}-{ratio['high']:.3f}", flush=True)
        if options.json:
            with open(options.json, "a", encoding="utf-8") as out:
                out.write(json.dumps(sheet) + "\n")


if __name__ == "__main__":
    main()
