#!/usr/bin/python3
"""usage: scripts/plot_bench.py FOLDER

What scripts/bench has left in FOLDER becomes result.json and result.svg there: sheets.jsonl has a line per table, machine.json
says where they come from, and pool.json and task.json are google-benchmark's. The picture shows each rival's rate over the first
one's, median and range; right of 1 is faster.
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "carousel"  # the same figures give the same file
matplotlib.rcParams["svg.fonttype"] = "none"
import matplotlib.pyplot as plt  # noqa: E402

OURS, HAND, OTHERS = "#1f6feb", "#57606a", "#bc4c00"


def colour(name):
    if "carousel" in name.lower():
        return OURS
    return HAND if name.startswith("liburing") else OTHERS


def micros(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def draw_sheet(axes, sheet):
    rivals = sheet["rivals"]
    for row, rival in enumerate(rivals):
        ratio, shade = rival["ratio"], colour(rival["name"])
        axes.plot([ratio["low"], ratio["high"]], [row, row], color=shade, linewidth=2, alpha=0.45, solid_capstyle="butt")
        axes.plot(ratio["median"], row, "o", color=shade, markersize=5)
        axes.annotate(f"{ratio['median']:.2f}", (1.01, row), xycoords=("axes fraction", "data"), va="center", fontsize=7,
                      color=shade, fontweight="bold" if shade == OURS else "normal", annotation_clip=False)
        axes.annotate(f"{micros(rival['cpu_us'])} us", (1.075, row), xycoords=("axes fraction", "data"), va="center",
                      fontsize=7, color="#57606a", annotation_clip=False)
    axes.axvline(1, color="#24292f", linewidth=0.8)
    axes.set_yticks(range(len(rivals)), [r["name"] for r in rivals], fontsize=7)
    axes.set_ylim(len(rivals) - 0.5, -0.5)
    axes.set_title(f"{sheet['title']}  (1 = {sheet['reference']})", fontsize=8, loc="left", pad=3)
    axes.tick_params(axis="both", length=0)
    axes.grid(axis="x", color="#d0d7de", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def draw(sheets, machine, path):
    rows = [len(s["rivals"]) for s in sheets]
    height = 0.19 * sum(rows) + 0.42 * len(rows) + 1.1
    figure, all_axes = plt.subplots(len(sheets), 1, sharex=True, squeeze=False, figsize=(9, height),
                                    gridspec_kw={"height_ratios": rows})
    for axes, sheet in zip(all_axes[:, 0], sheets):
        draw_sheet(axes, sheet)
    bottom = all_axes[-1, 0]
    bottom.set_xscale("log")
    low = min(r["ratio"]["low"] for s in sheets for r in s["rivals"])
    high = max(r["ratio"]["high"] for s in sheets for r in s["rivals"])
    ticks = [t for t in (0.01, 0.03, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16) if low * 0.5 <= t <= high * 2]
    bottom.set_xticks(ticks, [f"{t:g}" for t in ticks], fontsize=8)
    bottom.set_xticks([], minor=True)
    bottom.set_xlim(low * 0.9, high * 1.1)
    bottom.set_xlabel("rate, as a multiple of the first rival's in the same round: median and range; right is faster.   "
                      "Columns: median; CPU time per operation", fontsize=8)
    figure.suptitle(f"Carousel {machine['commit']} and its rivals: {machine['kernel']}, {machine['cpus']} CPUs, "
                    f"{machine['cpu']}", fontsize=9, x=0.02, ha="left", y=1 - 0.15 / height)
    figure.subplots_adjust(left=0.24, right=0.86, top=1 - 0.6 / height, bottom=0.55 / height, hspace=0.55)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
    text = path.read_text(encoding="utf-8")
    path.write_text("\n".join(line.rstrip() for line in text.splitlines()) + "\n", encoding="utf-8")


def micro(path):
    """Medians of google-benchmark, in nanoseconds; one run if there are none."""
    found = json.loads(path.read_text())["benchmarks"]
    medians = [b for b in found if b.get("aggregate_name") == "median"] or found
    return {b["run_name"]: round(b["cpu_time"], 2) for b in medians}


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    machine = json.loads((folder / "machine.json").read_text())
    lines = folder / "sheets.jsonl"
    sheets = [json.loads(line) for line in lines.read_text().splitlines()] if lines.exists() else []
    result = {"machine": machine, "comparisons": sheets}
    for name in ("pool", "task"):
        if (folder / f"{name}.json").exists():
            result[f"{name}_ns"] = micro(folder / f"{name}.json")
    (folder / "result.json").write_text(json.dumps(result, indent=1) + "\n")
    if sheets:
        draw(sheets, machine, folder / "result.svg")


if __name__ == "__main__":
    main()
