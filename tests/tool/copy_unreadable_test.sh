#!/usr/bin/env bash
# usage: copy_unreadable_test.sh CAROUSEL
# Directories that may be listed and not used, or used and not listed, and those that the umask makes so.
. "$(dirname "$0")/lib.sh"
if is_root; then
  chmod 755 . && mkdir mine && cp "$carousel" program
  carousel=$dir/program
  cd mine && chown "$own_user:$own_user" .
  as_user=("${unprivileged[@]}")
else
  as_user=()
fi
user() { "${as_user[@]}" "$@"; }
copy() { # STATUS ARGUMENT...
  local wanted=$1
  shift
  user "$carousel" cp "$@" >"$dir/out" 2>"$dir/err"
  status=$?
  [[ $status -eq $wanted ]] || { echo "status $status, not $wanted:" && cat "$dir/out" "$dir/err" && false; }
}
says() { grep -q -- "$1" "$dir/err" || { cat "$dir/err" && false; }; }
about() { stat -c '%a %Y' "$1"; }

user mkdir -p listed/empty listed/full unlisted && user touch listed/full/file && user touch -d 2001-02-03 listed/empty
user chmod 640 listed/empty listed/full
check "a directory that may be listed and not searched" copy 0 -r listed/empty copy
check "is copied when there is nothing in it" test -d copy
check "with its attributes" copy 0 -a listed/empty kept
check "all of them" test "$(about kept)" = "$(about listed/empty)"
check "what is in one cannot be opened" copy 1 -r listed/full copy2
check "which is said of the file" says "cannot open 'listed/full/file': Permission denied"
check "and the directory is there" test -d copy2

user mkdir -p closed into/closed && user touch -d 2001-02-03 closed && user chmod 300 closed
check "a directory that may not be listed" copy 1 -a closed new
check "which is said" says "cannot list 'closed': Permission denied"
check "is made" test -d new
check "with the attributes" test "$(about new)" = "$(about closed)"
check "onto one that exists" copy 1 -a closed into
check "they are given too" test "$(about into/closed)" = "$(about closed)"

user mkdir -p full/1/2 slot && user touch full/1/2/file full/file slot/old && user chmod 300 slot
check "into a directory that may be used and not listed" copy 0 -r full/. slot
check "comes all" user test -e slot/1/2/file -a -e slot/file -a -e slot/old
user chmod 755 full && user touch -d 2001-02-03 full
check "it is given attributes" copy 0 -a full/. slot
check "all of them" test "$(about slot)" = "$(about full)"

for mask in 100 200 300 400 777; do
  user bash -c "umask $mask; exec \"\$@\"" - "$carousel" cp -r full "umask$mask" >"$dir/out"
  check "the umask $mask takes nothing from a directory that is being filled" test $? = 0
  check "and all from the one that is finished" test "$(stat -c %a umask$mask)" = "$(printf '%o' $((0755 & ~0$mask)))"
  user chmod 755 umask$mask umask$mask/1 umask$mask/1/2
  check "which is whole" test "$(find umask$mask | wc -l)" = "$(find full | wc -l)"
done
cd "$dir" || exit 1
finish
