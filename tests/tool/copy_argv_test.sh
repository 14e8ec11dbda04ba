#!/usr/bin/env bash
# usage: copy_argv_test.sh CAROUSEL
# What is touched is what argv says, whatever the names are.
worlds=$(dirname "$(realpath "$0")")/argv_worlds.py
. "$(dirname "$0")/lib.sh"
content() { [[ $(cat "./$1") == "$2" ]]; }
fresh() {
  chmod -R u+rwx . 2>/dev/null
  find . -mindepth 1 -delete
  mkdir d e into
  echo a >d/a
  echo b >e/b
}

fresh
echo new >x && echo precious >y
check "a name in brackets is that name" ends_with 0 x '[y]'
check "and not what is in them" content y precious
check "it is made" content '[y]' new
echo listed >'[a,b]' && mkdir '[id]'
check "a comma in them parts nothing" ends_with 0 '[a,b]' '[y]' into
check "all come" content 'into/[a,b]' listed
check "-t takes such a name" ends_with 0 -t '[id]' x
check "as it stands" content '[id]/x' new
check "so does --target-directory=" ends_with 0 '--target-directory=[id]' y
check "as it stands too" content '[id]/y' precious
for name in ++ - '{}' '{a}' %% %s @file a=b cp doctor 1 0x10; do
  check "$name is a name" ends_with 0 -- x "$name"
  check "at the target" content "$name" new
  check "and of a source" ends_with 0 "$name" into
  check "that is copied" content "into/$name" new
done
check "after -- options are names" ends_with 0 -- x -r
check "such as -r" content ./-r new
check "-- may stand between operands" ends_with 0 x -- -v
check "and ends the options" content ./-v new
check "a second -- is a name" ends_with 0 -- x --
check "of a file" content ./-- new
check "options may follow operands" ends_with 0 d into -r
check "as in cp" content into/d/a a
check "long names may be cut short" ends_with 0 --recurs d/. into
check "while that is clear" ends_with 2 --s x into
check "and not otherwise" says "'--s' could be each of .*--sync, "

fresh
check "an empty destination is an error" ends_with 1 d/a ''
check "that says so" says "cannot copy to '': No such file or directory"
check "and not the current directory" not test -e a
check "nor for a directory" ends_with 1 -r d/. ''
check "whose files stay away" not test -e a
check "an empty -t is an error" ends_with 1 -t '' d/a e/b
check "and the last source no destination" content e/b b
check "an empty --target-directory= is an error" ends_with 1 --target-directory= d/a e/b
check "and the last source is whole" content e/b b
check "an empty source is an error" ends_with 1 '' into
check "by name" says "cannot read '': No such file or directory"
check "an empty name with -T is an error" ends_with 1 -T d/a ''
check "-t is given once" ends_with 2 -t d -t e d/a
check "-t and -T exclude each other" ends_with 2 -t d -T d/a

fresh
mkdir -p s/sub t/into && echo f >s/f && echo mine >t/f
check "SRC/.. goes into the target" ends_with 0 -r s/sub/.. t/into
check "itself" content t/into/f f
check "and not beside it" content t/f mine
check "-a sets nothing beside it either" ends_with 0 -a s/sub/.. t/into
check "whose content is whole" content t/f mine
(cd s/sub && ends_with 0 -r .. ../../e) && check "so does .. alone" content e/f f
check "a trailing slash changes no name" ends_with 0 -r s/ into//
check "of a directory" content into/s/f f
ln -s s link
check "a link with a slash is its directory" ends_with 0 -r link/ into
check "which is copied" test -d into/link -a ! -L into/link
check "a file with a slash is none" ends_with 1 s/f/ into
check "and says so" says "Not a directory"

check "a misspelt option is refused" ends_with 2 --archiv3 x y
check "with what was meant" says "did you mean --archive?"
check "an option without its value is too" ends_with 2 x -t
check "by name" says "-t needs a value"
check "a value for one that takes none too" ends_with 2 --verify=yes x y
check "by its name" says "--verify takes no value"
check "--sync tells its values" ends_with 2 --sync=yes x y
check "from others" says "--sync: 'yes' is not none, data or full"
check "no number is no number" ends_with 2 --buffers=many x y
check "as it was given" says "--buffers: 'many' is no number from 1 to"
check "nor is more than a number" ends_with 2 --buffers '8[' x y
check "help is no error" ends_with 0 --help
check "and names each option" grep -q -- '-t, --target-directory=DIRECTORY' out

head -c 4096 /dev/zero >'[file]' && echo other >file
run "$carousel" bench --seconds 0.1 --rounds 3 --block 512 --depth 1 '[file]'
check "bench reads what is named" grep -q "^'\[file\]': 4 KiB on" out
run "$carousel" bench ''
check "an empty name is none" says "cannot read '': No such file"
run "$carousel" bench --plot '' file
check "an empty plot is an error" test $status != 0
run "$carousel" doctor '[none]'
check "doctor tries what is named" grep -qF "'[none]'" out
run "$carousel" doctor ''
check "an empty path is not the current directory" test $status = 1
run "$carousel" doctor a b
check "doctor takes one path" test $status = 2
run "$carousel" dokter
check "a misspelt command is refused" test $status = 2
check "with what it may have been" says "did you mean doctor?"

fresh
check "random command lines touch what cp touches" python3 "$worlds" "$carousel" 1 150
finish
