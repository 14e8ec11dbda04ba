#!/usr/bin/env bash
# usage: copy_worlds_test.sh CAROUSEL
# In random worlds on several file systems `carousel cp` leaves what cp(1) leaves, as root and as a user.
[[ -n ${OWN_MOUNTS:-} || $(id -u) -ne 0 ]] || OWN_MOUNTS=1 exec unshare -m --propagation private "$0" "$@"
worlds=$(dirname "$(realpath "$0")")/copy_worlds.py
. "$(dirname "$0")/lib.sh"
is_root || skip "files of several owners need root"
[[ $(cp --version) == *"GNU coreutils) 9."* ]] || skip "cp is not that of GNU coreutils 9"
export LD_LIBRARY_PATH=${carousel%/*}/../src
chmod 755 . && cp "$carousel" program
mkdir root images && names=(root)
mount_new images -t tmpfs tmpfs # where nobody waits for a disk

volume() { # NAME MKFS...
  local name=$1
  shift
  if command -v "$1" >/dev/null && truncate -s 300M "images/$name" && "$@" "images/$name" >mkfs-out 2>&1 &&
    mount_new "$name" -o loop "images/$name"; then
    chmod 755 "$name" && names+=("$name")
  else
    echo "SKIPPED: $name cannot be made or mounted here"
  fi
}
volume ext4-1k mkfs.ext4 -q -F -b 1024 -I 256
volume xfs mkfs.xfs -q -f
volume btrfs mkfs.btrfs -q -f
if mount_new tmpfs -t tmpfs -o size=300M,mode=755 tmpfs; then names+=(tmpfs); else echo "SKIPPED: tmpfs"; fi
mkdir -p tmpfs/lower tmpfs/upper tmpfs/work
if mount_new overlay -t overlay -o lowerdir=tmpfs/lower,upperdir=tmpfs/upper,workdir=tmpfs/work overlay; then
  names+=(overlay)
else
  echo "SKIPPED: overlay cannot be mounted here"
fi

# Each file system with itself, and with the next one.
seed=${WORLDS_SEED:-1}
worlds_each=${WORLDS_EACH:-20}
for ((i = 0; i < ${#names[@]}; ++i)); do
  for to in "${names[i]}" "${names[(i + 1) % ${#names[@]}]}"; do
    for user in '' "$own_user"; do
      check "worlds ${user:+of a user }from ${names[i]} to $to" \
        "$worlds" "$dir/program" "$scripts/../docs" "${names[i]}" "$to" $seed $((seed + worlds_each - 1)) $user
      seed=$((seed + worlds_each))
    done
  done
done
finish
