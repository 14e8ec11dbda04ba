#!/usr/bin/env bash
# usage: compare_test.sh CAROUSEL
# `carousel cp --compare` times itself against cp -a, and says so when it loses.
. "$(dirname "$0")/lib.sh"
mkdir tree && for i in {1..50}; do head -c 9000 /dev/urandom >tree/$i; done
head -c 10000000 /dev/urandom >tree/large

check "a comparison ends well" ends_with 0 -r --compare tree copy
check "the copy is there" same_content tree copy
check "nothing else is" test -z "$(ls -d carousel-compare-* 2>/dev/null)"
check "it names both commands" grep -q '^`carousel cp -a .*` against `cp -a`: 51 files' out
for row in 'wall time with syncfs' 'CPU time' 'page cache left: copy'; do
  check "$row has a verdict" grep -qE "^$row.*(carousel wins|cp wins|about even)" out
done
check "with --json there is one object" ends_with 0 -r --compare --json tree copy2
check "and only that" is_one_json_object out
check "with both sides' figures" \
  test "$(json out 'o["comparison"]["ok"], len(o["comparison"]["runs"]["cp"]), len(o["comparison"]["runs"]["carousel"]), o["files"]')" \
  = "(True, 3, 3, 51)"
check "each row has a winner" \
  test "$(json out 'all(r["winner"] in ("cp", "carousel", "even") for r in o["comparison"]["medians"])')" = True
check "the winner is the one with the smaller figure" \
  test "$(json out 'all(r["winner"] == "even" or (r["carousel"] < r["cp"]) == (r["winner"] == "carousel") for r in o["comparison"]["medians"])')" = True
check "a copy that failed is not compared" ends_with 1 -r --compare --json tree missing copy
check "and has no figures" test "$(json out '"comparison" in o')" = False
mkdir slow && cat >slow/cp <<'END'
#!/bin/sh
exit 1
END
chmod +x slow/cp
PATH=$dir/slow:$PATH run "$carousel" cp -r --compare --json tree copy3
check "where cp fails there is no verdict" test "$status $(json out 'o["comparison"]["ok"], o["comparison"]["medians"]')" = "1 (False, [])"
check "but the reason" test "$(json out 'o["comparison"]["failure"]')" = "cp failed with exit status 1"
finish
