#!/usr/bin/env bash
# usage: attribute_losses_test.sh CAROUSEL HELPERS
# Each cell of the table in docs/attributes.md: the kernel refuses what keeps the attribute, and the copy is there, with what the
# table says.
. "$(dirname "$0")/lib.sh"
documents=$(cd "$OLDPWD" && realpath "$(dirname "$0")/../../docs")
umask 022
refuse=$helpers/refuse_calls
[[ -x $refuse ]] && "$refuse" EPERM fchmod true || skip "no seccomp here"
touch probe && setfacl -m u:1234:r probe 2>/dev/null && setfattr -n user.a -v x probe 2>/dev/null || skip "no access control lists here"

errors=(EOPNOTSUPP EPERM EPERM ENOSPC EIO)
content() { # OBJECT COPY: whether all that is not an attribute is there
  case $1 in
    files) [[ $(cat "$2") == content ]] ;;
    directories) [[ $(cat "$2/in") == content ]] ;;
    links) [[ $(readlink "$2") == where ]] ;;
  esac
}
make() { # OBJECT NAME
  rm -rf "$2"
  case $1 in
    files) echo content >"$2" && chmod 757 "$2" ;;
    directories) mkdir "$2" && echo content >"$2/in" && chmod 757 "$2" ;;
    links) ln -s where "$2" ;;
  esac
}
earlier_copy() { cp -p source into/source && setfattr -n user.old -v x into/source; }
# What the kernel refuses so that the attribute is lost, and a source that has it.
prepare() { # ATTRIBUTE OBJECT
  make "$2" source
  before=(true) options=()
  case $1 in
    owner) calls=fchown,fchownat && chown -h 1234 source ;;
    group) calls=fchown,fchownat && chown -h :5678 source ;;
    mode) calls=fchmod ;;
    times) calls=utimensat ;;
    "access control list") calls=fsetxattr && setfacl -m u:1234:rwx source ;;
    "reading the access control list") calls=fgetxattr ;;
    "extended attribute")
      calls=fsetxattr,lsetxattr
      if [[ $2 == links ]]; then setfattr -h -n trusted.a -v x source; else setfattr -n user.a -v x source; fi
      ;;
    "listing the extended attributes") calls=flistxattr,llistxattr ;;
    "reading an extended attribute")
      calls=lgetxattr
      # The access control lists of others are read in the same way.
      [[ $2 == links ]] && setfattr -h -n trusted.a -v x source
      ;;
    "removing an access control list") calls=fremovexattr && before=(setfacl -d -m u:1234:r into) ;;
    "removing an extended attribute") calls=fremovexattr && before=(earlier_copy) options=(--resume=hash) ;;
    *) false ;;
  esac
}
said() { # FATE
  case $1 in
    -) [[ $status -eq 0 && ! -s err ]] ;;
    note) [[ $status -eq 0 ]] && says "^carousel: note: .* not \(kept\|removed\): " ;;
    error) [[ $status -eq 1 ]] && says "^carousel: cannot \(keep\|read\|list\|remove\) the .* of '\(source\|copy\|into/source\)': " ;;
  esac || { echo "status $status"; cat err; false; }
}
try() { # ATTRIBUTE OBJECT ERROR FATE WHO COMMAND...
  rm -rf into && mkdir into && chmod 777 into && "${before[@]}"
  run "$refuse" "$3" "$calls" "${@:6}" "${program:-$carousel}" cp -a "${options[@]}" source into
  check "$1 of $2, $3 for $5: content" content "$2" into/source
  check "$1 of $2, $3 for $5: $4" said "$4"
}

rows=0
unprivileged=(setpriv --reuid=65534 --regid=65534 --clear-groups --bounding-set=-all --inh-caps=-all)
is_root || skip "the rest needs root"
chmod 755 . && cp "$carousel" ./program && program=$dir/program
while IFS='|' read -r _ name of unsupported user root large other _; do
  name=$(xargs <<<"$name")
  [[ $name == "extended attribute \`system.*\`" ]] && continue
  rows=$((rows + 1))
  fates=("$unsupported" "$user" "$root" "$large" "$other")
  for object in files directories links; do
    [[ $of == *"$object"* ]] && prepare "$name" "$object" || continue
    for i in {0..4}; do
      fate=$(xargs <<<"${fates[i]}")
      if [[ $i -eq 1 ]]; then
        # Of what nobody owns a user cannot keep the owner; the rest he can try.
        [[ $calls == *fchown* || $object == links ]] || chown -hR 65534:65534 source
        [[ $name == *"extended attribute" && $object == links ]] && continue # they have none that a user may see
        try "$name" "$object" "${errors[i]}" "$fate" "a user" "${unprivileged[@]}"
        prepare "$name" "$object"
      else
        try "$name" "$object" "${errors[i]}" "$fate" root
      fi
    done
  done
done < <(grep -E '^\| [a-z].*\| (-|note|error) \|' "$documents/attributes.md")
check "all rows were tried" test $rows -ge 10

make files source && for i in {1..120}; do setfattr -n user.$i source; done
rm -rf into && mkdir into
run "$refuse" EPERM fsetxattr "$program" cp -a source into
check "of many notes the first are said" test "$status $(wc -l <err)" = "0 101"
check "and that there are more" says "note: there is more of the kind, which is not said"

# What would be somebody else's.
make files source && chown 1234:5678 source && chmod 6755 source
setcap cap_net_raw+ep source 2>/dev/null && chmod u+s source
rm -rf into && mkdir into
run "$refuse" EPERM fchown "$program" cp -a source into
check "where the owner is not kept, neither are special bits" test "$status $(stat -c '%a %u' into/source)" = "1 755 0"
check "nor capabilities" test -z "$(getcap into/source 2>/dev/null)"
make directories source && chown 1234 source && chmod 3775 source
rm -rf into/source
run "$refuse" EPERM fchown "$program" cp -a source into
check "directories keep the sticky bit" test "$(stat -c %a into/source)" = 1775
chmod 755 source
run "$refuse" EPERM fchown "$program" cp -a source into
check "that the target has, too" test "$(stat -c %a into/source)" = 1755
# A mode that cannot be changed may be the right one.
make directories source && chmod 700 source
rm -rf into/source
run "$refuse" EPERM fchmod "$program" cp -a source into
check "and is not lost" test "$status $(stat -c %a into/source) $(wc -c <err)" = "0 700 0"
finish
