#!/usr/bin/env python3
"""usage: tests/perf/instructions.py NOP_PROGRAM

Instructions in user space that one NOP costs beyond the hand-written loop, counted by callgrind, against the budget below. Above it
by more than the slack the check fails; below it by more it asks for a smaller budget. Two runs of different length are
subtracted, so that the start of the program does not count. Exits with 77 (skipped) where valgrind is missing.
"""

import re
import shutil
import subprocess
import sys

BUDGET = {1: 231, 32: 131}  # operations in flight: instructions per operation
SLACK = 0.03
SHORT, LONG = 3_200, 35_200


def instructions(program, rival, batch, count):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program]
    command += ["--only", rival, "--batch", str(batch), "--count", str(count)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return int(found[1])


def main():
    if shutil.which("valgrind") is None:
        print("SKIPPED: valgrind is not installed")
        return 77
    status = 0
    for batch, budget in BUDGET.items():
        per_operation = {}
        for rival in ("hand", "carousel"):
            short, long = (instructions(sys.argv[1], rival, batch, n) for n in (SHORT, LONG))
            per_operation[rival] = (long - short) / (LONG - SHORT)
        extra = per_operation["carousel"] - per_operation["hand"]
        print(
            f"{batch} in flight: Carousel {per_operation['carousel']:.1f}, by hand "
            f"{per_operation['hand']:.1f}: {extra:.1f} more; the budget is {budget}"
        )
        if extra > budget * (1 + SLACK):
            print("  that is over the budget")
            status = 1
        elif extra < budget * (1 - SLACK):
            print(f"  well below it: lower the budget to {extra:.0f}")
    return status


if __name__ == "__main__":
    sys.exit(main())
