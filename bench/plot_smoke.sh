#!/bin/sh
# usage: plot_smoke.sh NOP_PROGRAM PLOT_PROGRAM
# Draws one comparison, made in passing, in the current folder.
set -e
rm -rf plot_smoke
mkdir plot_smoke
"$1" --quick --batch 1 --json plot_smoke/sheets.jsonl
cat >plot_smoke/machine.json <<END
{"commit": "none", "kernel": "Linux", "cpus": 1, "cpu": "some", "compiler": "some"}
END
"$2" plot_smoke
[ "$(head -c 8 plot_smoke/result.png | od -An -tx1 | tr -d ' ')" = 89504e470d0a1a0a ]
grep -q "NOP, 1 in flight" plot_smoke/result.json
grep -q '"reference": "liburing by hand"' plot_smoke/result.json
