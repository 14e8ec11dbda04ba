#!/usr/bin/env python3
"""usage: tests/perf/instructions.py NOP_PROGRAM TRANSFER_PROGRAM OPEN_PROGRAM

Instructions in user space that one operation costs beyond the hand-written loop, counted by callgrind, against the budgets below.
Above one by more than the slack the check fails; below it by more it asks for a smaller budget. Two runs of different length are
subtracted, so that the start of the program does not count. Exits with 77 (skipped) where valgrind is missing.
"""

import functools
import re
import shutil
import subprocess
import sys
import tempfile

SLACK = 0.03
SHORT, LONG = 3_200, 35_200

NOPS = ("--batch", "{depth}", "--only", "{rival}")
READS = ("/dev/zero", "--block", "512", "--depth", "{depth}", "--rivals", "{rival}")
FILES = ("{folder}", "--files", "100", "--depth", "{depth}", "--only", "{rival}")
BUDGETS = [  # what, program, its arguments, in flight, rival, instructions per operation
    ("a NOP", 0, NOPS, 1, "carousel", 130),
    ("a NOP", 0, NOPS, 32, "carousel", 121),
    ("a NOP beside a task that sleeps", 0, NOPS, 1, "timer", 133),
    ("a read into a lease that is kept", 1, READS, 32, "kept", 214),
    ("a read with check-out and check-in", 1, READS, 32, "carousel", 303),
    ("a file opened, read and closed", 2, FILES, 16, "carousel-descriptors", 1049),
    ("the same, in the ring only", 2, FILES, 16, "carousel", 1171),
]


def instructions(program, arguments, depth, rival, count):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program]
    with tempfile.TemporaryDirectory() as folder:
        command += [a.format(depth=depth, rival=rival, folder=folder) for a in arguments] + ["--count", str(count)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode != 0 or not found:
        sys.exit(f"{' '.join(command)} failed:\n{done.stderr}")
    return int(found[1])


@functools.cache
def per_operation(*how):
    return (instructions(*how, LONG) - instructions(*how, SHORT)) / (LONG - SHORT)


def main():
    if shutil.which("valgrind") is None:
        print("SKIPPED: valgrind is not installed")
        return 77
    status = 0
    for what, program, arguments, depth, rival, budget in BUDGETS:
        how = (sys.argv[1 + program], arguments, depth)
        ours = per_operation(*how, rival)
        hand = per_operation(*how, "hand")
        extra = ours - hand
        print(f"{what}, {depth} in flight: Carousel {ours:.1f}, by hand {hand:.1f}: {extra:.1f} more; the budget is {budget}")
        if extra > budget * (1 + SLACK):
            print("  that is over the budget")
            status = 1
        elif extra < budget * (1 - SLACK):
            print(f"  well below it: lower the budget to {extra:.0f}")
    return status


if __name__ == "__main__":
    sys.exit(main())
