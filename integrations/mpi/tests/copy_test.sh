#!/usr/bin/env bash
# usage: copy_test.sh CAROUSEL_MPI openmpi|mpich
# A tree with one of everything is the same at the target, whoever copied what.
. "$(dirname "$0")/lib.sh"

python3 "$tests/make_tree.py" tree

for ranks in 1 2 4; do
  check "$ranks ranks copy all of it" ends_with 0 cp -a --json --part-size=2M tree "copy$ranks"
  check "as it was" same_tree tree "copy$ranks"
  check "and leave nothing else" no_leftovers "copy$ranks"
  cp out "report$ranks" 2>/dev/null
done
counts='[o[n] for n in ("files", "directories", "symlinks", "special_files", "hard_links", "bytes")]'
check "2 ranks count what 1 has" test "$(json report2 "$counts")" = "$(json report1 "$counts")"
check "4 ranks count what 1 has" test "$(json report4 "$counts")" = "$(json report1 "$counts")"
check "more than one of 4 copies files" test "$(json report4 'sum(r["files"] > 0 for r in o["ranks"])')" -gt 1
finish
