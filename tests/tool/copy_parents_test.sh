#!/usr/bin/env bash
# usage: copy_parents_test.sh CAROUSEL
# --parents makes below the target the directories that lead to a source.
. "$(dirname "$0")/lib.sh"
fresh() {
  chmod -R u+rwx . && find . -mindepth 1 -delete
  mkdir -p a/b/c ours theirs
  echo one >a/b/c/one && echo two >a/b/two && echo top >top && ln -s a/b link
  chmod 700 a && chmod 750 a/b && touch -d @1000000000 a/b/c/one a/b/two a/b/c a/b a top
}
# as_cp FACT ARGUMENT...: into the last directory, beside cp.
as_cp() {
  check "$1" ends_with 0 --parents "${@:2}" ours
  cp --parents "${@:2}" theirs
  check "as cp does" test "$(cd ours && find . -printf '%P %y %m %U %l\n' | sort)" = "$(cd theirs && find . -printf '%P %y %m %U %l\n' | sort)"
}
fresh && as_cp "a file is copied below the directories that lead to it" a/b/c/one
fresh && as_cp "so are several" a/b/c/one a/b/two top
fresh && as_cp "and a tree" -r a/b
fresh && as_cp "however the name is spelt" -r ./a//b/./c/
fresh && as_cp "or begins" "$PWD/a/b/c/one"
fresh && as_cp "through a link" link/c/one
fresh && mkdir -p ours/a theirs/a && chmod 777 ours/a theirs/a && as_cp "into a directory that is there" a/b/two
fresh && check "-a keeps what the directories have" ends_with 0 -a --parents a/b/c/one a/b/two ours
check "all of them" test "$(stat -c '%n %a %Y' ours/a ours/a/b ours/a/b/c | tr '\n' ' ')" = "ours/a 700 1000000000 ours/a/b 750 1000000000 ours/a/b/c 755 1000000000 "
fresh && check "the content of SRC/. is copied" ends_with 0 -r --parents a/b/. ours
check "below the same directories" same_content a ours/a
fresh && check "the copy of SRC is below DST" ends_with 0 -rT a/b/. ours/a
check "or nothing is" ends_with 1 --parents top missing
check "where DST is no directory" says "cannot copy into 'missing': No such file or directory"
fresh && check "a name that leads out of the target is refused" ends_with 1 --parents ours/../top theirs
check "which is said" says "'ours/../top' leads out of the target with --parents"
check "and nothing is beside it" test -z "$(ls -A theirs)"
fresh && echo x >ours/a
check "a file in the way is an error" ends_with 1 --parents a/b/two top ours
check "of what is below it" says "'a' is a directory, which does not replace 'ours/a'"
check "alone" test -e ours/top -a "$(cat ours/a)" = x
fresh && ln -s ../theirs ours/a
check "a link in the way is not followed" ends_with 1 --parents a/b/two ours
check "anywhere" test -z "$(ls -A theirs)"
fresh && check "a missing source is an error" ends_with 1 --parents a/b/absent a/absent/x a/b/two ours
check "by its name" says "cannot read 'a/b/absent': No such file or directory"
check "and the rest is copied" test -e ours/a/b/two
fresh && check "a source that is named twice" ends_with 0 --parents a/b/two ./a/b/two ours
check "is copied once" says "note: './a/b/two' is named more than once, and copied once"
fresh && check "names of one file" ends_with 0 -a --parents a/b/two a/b/c/one ours
ln a/b/two a/b/c/again
check "become hard links" ends_with 0 -a --parents a/b/two a/b/c/again ours
check "below different directories" test ours/a/b/two -ef ours/a/b/c/again
mkdir mine && check "--files-from" bash -c 'printf "a/b/two\na/b/c/one\n" | "$1" cp --parents --files-from=- mine' _ "$carousel"
check "names them as well" test -e mine/a/b/two -a -e mine/a/b/c/one
fresh && mkdir -p ours/a/b/c && echo old >ours/a/b/c/old && echo old >ours/a/old
check "--delete" ends_with 0 -r --delete --parents a/b/c ours
check "is for what is copied" test ! -e ours/a/b/c/old -a -e ours/a/old
check "--parents excludes -T" ends_with 2 -T --parents top ours
finish
