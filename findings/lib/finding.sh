# shellcheck shell=bash
# What every finding needs: a temporary folder, packages unpacked into it, and a comparison that ends the script.
# To be sourced. Leaves the shell inside the folder. At exit the folder goes, with the processes in `started`, the loop devices in
# `loops` and all that is mounted below it.

set -euo pipefail
export LC_ALL=C

[[ $(dpkg --print-architecture) == amd64 ]] || { echo "the pinned packages are amd64's"; exit 2; }
script=$(realpath "$0")
folder=$(mktemp -d)
root=$folder/root
started=()
loops=()

finish() {
  local status=$?
  for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done
  cd /
  for mounted in $(findmnt -rno TARGET | grep "^$folder/" | tac); do umount "$mounted" || umount -l "$mounted"; done
  for loop in "${loops[@]}"; do losetup --detach "$loop"; done
  wait
  rm -rf "$folder"
  exit "$status"
}
trap finish EXIT
cd "$folder"

# packages NAME=VERSION...: unpacks Debian packages below $root, and lets programs and libraries be found there.
packages() {
  local lib=$root/usr/lib/x86_64-linux-gnu
  mkdir -p debs
  if ! (cd debs && apt-get download "$@" >log 2>&1); then
    cat debs/log
    echo "the pinned packages cannot be had here (apt-get update first?)"
    exit 2
  fi
  for deb in debs/*.deb; do dpkg -x "$deb" "$root"; done
  rm -r debs
  export PATH=$root/usr/bin:$root/usr/sbin:$root/bin:$root/sbin:$PATH
  export LD_LIBRARY_PATH=$lib:$root/lib/x86_64-linux-gnu:$lib/blas:$lib/lapack:$lib/ceph
  export PYTHONPATH=$root/usr/lib/python3/dist-packages PYTHONDONTWRITEBYTECODE=1
  printf 'package    %s\n' "$@"
}

# own_mounts: starts the script again where its mounts are nobody else's.
own_mounts() {
  [[ -z ${FINDING_MOUNTS-} ]] || return 0
  local user=()
  [[ $EUID == 0 ]] || user=(--map-root-user)
  cd /
  rmdir "$folder"
  FINDING_MOUNTS=yes exec unshare --mount "${user[@]}" "$script"
}

# until_there COMMAND...: waits up to ten seconds until the command succeeds.
until_there() {
  for _ in $(seq 100); do
    "$@" && return
    sleep 0.1
  done
  echo "never came true: $*"
  exit 2
}

# half_unreadable NAME: shown/NAME, of 2 MiB, cannot be read from its second half on. What can be read is the file `half`, and what
# it would hold whole is `disk`. Wants nbdkit and nbdfuse among the packages, and own_mounts.
half_unreadable() {
  head -c 2M /dev/urandom >disk
  head -c 1M disk >half
  mkdir shown
  nbdfuse "shown/$1" --command nbdkit --stdin --exit-with-parent "$root/usr/lib/x86_64-linux-gnu/nbdkit/plugins/nbdkit-eval-plugin.so" \
    get_size='echo 2M' pread="
      if [ \$((\$3 + \$4)) -gt 1048576 ]; then echo EIO unreadable >&2; exit 1; fi
      dd if='$folder/disk' iflag=skip_bytes,count_bytes skip=\$4 count=\$3 status=none" 2>complaints &
  until_there test -e "shown/$1"
}

# expect WHAT SEEN WANTED: says what was seen; ends the script when that is not what the finding tells of.
expect() {
  printf 'seen       %s: %s\n' "$1" "$2"
  [[ $2 == "$3" ]] && return
  printf 'CHANGED    the finding says: %s\n' "$3"
  exit 1
}
