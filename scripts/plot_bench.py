#!/usr/bin/python3
"""usage: scripts/plot_bench.py FOLDER

What scripts/bench has left in FOLDER becomes result.json and result.png there: sheets.jsonl has a line per table, machine.json
says where they come from, and pool.json and task.json are google-benchmark's. The picture shows each rival's rate over the first
one's, median and range; right of 1 is faster.
"""

import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt  # noqa: E402
from PIL import Image  # noqa: E402

OURS, HAND, OTHERS = "#1f6feb", "#57606a", "#bc4c00"


def colour(name):
    if "carousel" in name.lower():
        return OURS
    return HAND if name.startswith("liburing") else OTHERS


def micros(value):
    if value is None:
        return ""
    return f"{value:.0f} us" if value >= 100 else f"{value:.2g} us" if value < 1 else f"{value:.3g} us"


# Inches.
ROW, TITLE, TICKS, TOP, BOTTOM, WIDTH = 0.155, 0.24, 0.17, 0.75, 0.25, 9
LEFT, RIGHT = 2.15, 7.15
COLUMNS = {"ratio": 7.28, "CPU": 7.75, "all CPUs": 8.35}


def draw_sheet(figure, sheet, bottom, height, span):
    total = figure.get_figheight()
    axes = figure.add_axes((LEFT / WIDTH, bottom / total, (RIGHT - LEFT) / WIDTH, height / total))
    axes.set_xscale("log")
    axes.set_xlim(*span)
    rivals = sheet["rivals"]
    axes.set_ylim(len(rivals) - 0.5, -0.5)
    axes.axvspan(span[0], 1, color="#f6f8fa", linewidth=0, zorder=0)
    axes.axvline(1, color="#24292f", linewidth=0.8)
    for row, rival in enumerate(rivals):
        ratio, shade = rival["ratio"], colour(rival["name"])
        weight = "bold" if shade == OURS else "normal"
        axes.plot([ratio["low"], ratio["high"]], [row, row], color=shade, linewidth=2.5, alpha=0.35, solid_capstyle="butt")
        axes.plot(ratio["median"], row, "o", color=shade, markersize=4.5)
        y = (bottom + height - ROW * (row + 0.5)) / total
        for column, text in (("ratio", f"{ratio['median']:.2f}"), ("CPU", micros(rival["cpu_us"])),
                             ("all CPUs", micros(rival.get("machine_us")))):
            figure.text(COLUMNS[column] / WIDTH, y, text, va="center", fontsize=7, fontweight=weight,
                        color=shade if column == "ratio" else "#57606a")
    axes.set_yticks(range(len(rivals)), [r["name"] for r in rivals], fontsize=7)
    for label, rival in zip(axes.get_yticklabels(), rivals):
        label.set_fontweight("bold" if colour(rival["name"]) == OURS else "normal")
    ticks = [t for t in (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 8, 16, 32) if span[0] <= t <= span[1]]
    axes.set_xticks(ticks, [f"{t:g}" for t in ticks], fontsize=6, color="#57606a")
    axes.set_xticks([], minor=True)
    axes.set_title(sheet["title"], fontsize=8, loc="left", pad=3, fontweight="bold")
    axes.set_title(f"1 = {sheet['reference']}", fontsize=7, loc="right", pad=3, color="#57606a")
    axes.tick_params(axis="both", length=0, pad=2)
    axes.grid(axis="x", color="#d0d7de", linewidth=0.5)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def draw(sheets, machine, path):
    heights = [ROW * len(s["rivals"]) for s in sheets]
    total = TOP + BOTTOM + sum(h + TITLE + TICKS for h in heights)
    figure = plt.figure(figsize=(WIDTH, total))
    line = 1 / total
    figure.text(0.015, 1 - 0.2 * line, f"Carousel {machine['commit']} and its rivals, in turn", fontsize=11, fontweight="bold",
                va="center")
    figure.text(0.015, 1 - 0.4 * line, f"{machine['kernel']}, {machine['cpus']} CPUs, {machine['cpu']}, {machine['compiler']}",
                fontsize=7, color="#57606a", va="center")
    figure.text(0.015, 1 - 0.55 * line, "Rate as a multiple of the reference's in the same round: median and range; right of 1 is "
                "faster. The reference's own range is the noise.", fontsize=7, color="#57606a", va="center")
    for column, left in COLUMNS.items():
        figure.text(left / WIDTH, 1 - 0.72 * line, column, fontsize=7, color="#57606a", va="center")
    low = min(r["ratio"]["low"] for s in sheets for r in s["rivals"])
    high = max(r["ratio"]["high"] for s in sheets for r in s["rivals"])
    at = total - TOP
    for sheet, height in zip(sheets, heights):
        at -= TITLE + height
        draw_sheet(figure, sheet, at, height, (min(low * 0.9, 0.5), max(high * 1.1, 2)))
        at -= TICKS
    figure.savefig(path, dpi=100)
    # A few colours will do, and are a tenth of the bytes. The same figures give the same file.
    Image.open(path).convert("RGB").quantize(32).save(path, optimize=True)


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
        draw(sheets, machine, folder / "result.png")


if __name__ == "__main__":
    main()
