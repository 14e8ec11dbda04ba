#!/usr/bin/env bash
# usage: copy_dry_run_test.sh CAROUSEL
# A dry run says what the same command line would do, and touches nothing.
. "$(dirname "$0")/lib.sh"
fresh() {
  chmod -R u+rwx . && find . -mindepth 1 -delete
  mkdir -p source/sub/deep target/sub target/gone
  for file in source/a source/b source/sub/c source/sub/deep/d target/a target/gone/x target/sub/old; do echo "$file" >"$file"; done
  ln source/a source/sub/again && ln -s a source/link && mkfifo source/fifo && ln -s nowhere target/link
  touch -d @1000000000 target/a source/b && touch -d @2000000000 target/b
}
state() { find . -mindepth 1 ! -name '*.out' ! -name out ! -name err -printf '%p %i %m %s %T@ %C@ %l\n' | sort; }
figures() { json out '[o[k] for k in ("files", "directories", "symlinks", "special_files", "hard_links", "skipped", "excluded", "removed", "error_count", "status")]'; }
# foretells FACT ARGUMENT...: a dry run touches nothing, and counts and ends as the real run does, which comes after it. Files are
# in flight together there, and so are their errors.
foretells() {
  local before dry errors
  before=$(state)
  run "$carousel" cp --dry-run --json "${@:2}"
  check "$1: nothing is touched" test "$(state)" = "$before"
  dry="$(figures) $status" errors=$(sort err)
  run "$carousel" cp --json "${@:2}"
  check "what is counted is what is done" test "$(figures) $status" = "$dry"
  [[ "$(figures) $status" = "$dry" ]] || { echo "foretold $dry, done $(figures) $status"; cat err; }
  check "and what is said of errors is the same" test "$(sort err)" = "$errors"
}

fresh && foretells "a new tree" -a source new
fresh && foretells "a tree that merges" -a source/. target
fresh && foretells "with --delete" -a --delete source/. target
fresh && foretells "without links and special files" -r source/. target
fresh && foretells "what is kept" -an source/. target
fresh && foretells "what is newer" -au source/. target
fresh && foretells "what is left out" -a --delete --exclude=sub source/. target
fresh && foretells "with backups" -ab source/. target
fresh && foretells "a file" -p source/a target/sub
fresh && foretells "with --parents" -a --parents source/sub/deep source/a target
fresh && foretells "with --sync and --verify" -a --sync --verify source new
fresh && foretells "a source that is not there" -a --delete source/. absent target
fresh && foretells "a directory without -r" source target
fresh && mkdir -p target/b/in && foretells "a directory in the way" -a source/. target
fresh && rm -r target/sub && echo x >target/sub && foretells "a file in the way" -a source/. target
fresh && foretells "a destination that is not there" -a source absent/new
fresh && foretells "into itself" -a source source/sub
fresh && ln target/a target/again && foretells "names of one file" -a source/. target
merge() { fresh && mkdir -p one/d/e two/d/e && echo 1 | tee one/x one/d/x >one/d/e/x && echo 2 | tee two/x two/d/x >two/d/e/x; }
merge && foretells "sources that merge" -a one/. two/. target
merge && foretells "and whose files do not" -a one/d two/d target
merge && foretells "with --parents" -a --parents one/d/x one/d one/x target
for options in -an -rn -au -ru "-a --resume" -ab; do
  merge && touch -d @1000000000 one/x two/d/x && touch -r two/x one/d/x && touch -r one/d/e/x two/d/e/x
  foretells "sources that merge, with $options" $options one/. two/. target
done
merge && rm -r two/d/e && echo file >two/d/e && foretells "a file that comes where a directory came" -a one/. two/. target
merge && rm -r one/d/e && echo file >one/d/e && foretells "a directory that comes where a file came" -a one/. two/. target
merge && echo 1 >one/x~ && echo old >target/x && foretells "a copy that would be replaced by a backup" -ab one/. two/. target
if is_root; then
  as_user() { run "${unprivileged[@]}" "$carousel" cp "$@"; }
  fresh && chmod 755 . && chmod 000 source/sub && chown -R "$own_user" source
  for mode in 755 777; do
    chmod $mode target
    as_user --dry-run -r source/. target
    dry="$status $(sort err)"
    as_user -r source/. target
    check "what a user may not do in a directory of mode $mode is foretold" test "$status $(sort err)" = "$dry"
  done
  fresh && chmod 755 . && chmod 666 target/a && chmod 755 target source
  as_user --dry-run source/a target
  dry="$status $(cat err)"
  as_user source/a target
  check "so is what is written in place" test "$status $(cat err)" = "$dry"
  check "which is said" says "note: a file is written in place"
fi

fresh
cp -a target before
check "a dry run names each name" ends_with 0 -ab --dry-run source/. target
says_of() { grep -qxF -- "$1" out || { cat out; false; }; }
check "a file that is new" says_of "'source/./sub/deep/d' -> 'target/./sub/deep/d': would be made"
check "a directory" says_of "'source/./sub/deep' -> 'target/./sub/deep': would be made"
check "what is replaced" says_of "'source/./link' -> 'target/./link': would replace what is there, which becomes a backup"
check "a further name" grep -qE "^'source/./(a|sub/again)' -> '.*': would become a hard link$" out
check "and says that nothing was touched" grep -q '^nothing was touched; would be: 4 files' out
check "which is so" same_tree before target
check "with --delete" ends_with 0 -a --dry-run --delete source/. target
check "what is removed" says_of "'target/./gone/x': would be removed"
check "with what it is in" says_of "'target/./gone': would be removed"
ends_with 0 -a --dry-run --delete source/. target
cp out first.out
check "always in the same order" ends_with 0 -a --dry-run --delete source/. target
check "of all names" cmp <(grep "^'" first.out) <(grep "^'" out)
foretold=$(sed -nE "s/^('[^']*' -> '[^']*').*|^('[^']*'): would be removed/\1\2/p" out | sort)
check "which are those that -v names" ends_with 0 -av --delete source/. target
check "when it is done" test "$(sed -nE "s/^('[^']*' -> '[^']*').*|^('[^']*'): removed/\1\2/p" out | sort)" = "$foretold"
check "--dry-run excludes -i" ends_with 2 --dry-run -i source/a target
check "and --compare" ends_with 2 --dry-run --compare -a source new
finish
