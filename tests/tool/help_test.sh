#!/usr/bin/env bash
# usage: help_test.sh CAROUSEL
# Help, manual page and completions are of one table.
. "$(dirname "$0")/lib.sh"
form() { "$carousel" --help="$1" >"$1" 2>err; }

for form in man bash zsh fish; do
  check "there is help for $form" form $form
  check "with each option of cp" bash -c 'for o in $("$1" cp --help | grep -oE "^  (-., )*--[a-z-]+" | grep -oE "[a-z-]+$"); do
    sed "s/\\\\//g" "$2" | grep -qE -- "(--|-l )${o#--}" || { echo "$o"; exit 1; }; done' _ "$carousel" $form
done
check "help has examples, exit status and units" bash -c '"$1" cp --help | grep -c "^Examples:\|^Exit status:\|^BYTES" | grep -qx 3' _ "$carousel"
check "a form that is none is refused" not "$carousel" cp --help=html
complete_words() { # WORD...
  bash -c '. ./bash; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _carousel; echo "${COMPREPLY[*]}"' _ "$@"
}
check "bash completes commands" test "$(complete_words carousel b)" = bench
check "and options" test "$(complete_words carousel cp --one)" = --one-file-system
check "of the command" test "$(complete_words carousel doctor --o)" = ""
check "but no operands" test "$(complete_words carousel cp o)" = ""
if command -v zsh >/dev/null; then check "zsh takes its completion" zsh -n zsh; fi
if command -v fish >/dev/null; then check "fish takes its completion" fish -n fish; fi
if command -v groff >/dev/null; then
  check "groff has nothing to say of the page" bash -c '[[ -z $(groff -man -ww -Tascii -z man 2>&1) ]]'
  check "and shows its options" bash -c 'groff -man -Tascii -P-cbou man | grep -q -- "--one-file-system"'
fi
check "a misspelt option is told what it may be" ends_with 2 --recursiv3 a b
check "by name" says "did you mean --recursive?"
finish
