#!/usr/bin/env bash
# `qemu-img convert` makes an image of full size of half a qcow2, VMDK or VDI file, zeros where the rest was, and exits with 0.
#
# One would guess: the tables at the front of an image tell where each cluster lies, so a table that points behind the end of the
# file is an error, at the latest when that cluster is read. With VHDX and VHD it is one: "Image has probably been truncated".
# What happens: qemu reads what lies behind the end of a file as zeros, and the drivers of the formats above hand them on. The copy has
# the size and the allocation of the whole, and nothing is printed. `qemu-img check` does find it in qcow2 and VMDK; of a VDI it says
# "No errors were found on the image". A flat VMDK has the length of its extent in its descriptor, and reads as zeros likewise.
# For whom it matters: who converts images after a download, a copy that stopped or a full disk, in a migration from another
# hypervisor for example. The source is removed because the conversion "worked", and the guest finds its zeros weeks later.
# What follows for our users: the size of an image in the listing is no proof; compare the file's own size or sum with the source's
# before it is converted, run `qemu-img check` on qcow2 and VMDK, and copy by a tool that gives the name only to a whole file.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages qemu-utils=1:7.2+dfsg-7+deb12u18+b3 liburing2=2.3-3 libaio1=0.3.113-4
echo "version    $(qemu-img --version | head -1)"

head -c 8M /dev/urandom >disk
# halved FORMAT FILE OPTION...: how converting the disk's image in FORMAT and back ends when FILE has lost its second half meanwhile.
halved() {
  local format=$1 file=$2
  shift 2
  qemu-img convert -f raw -O "$format" "$@" disk image
  truncate --size "$(($(stat --format %s "$file") / 2 / 65536 * 65536))" "$file"
  local converted checked rest=
  rm -f back
  qemu-img convert -f "$format" -O raw image back >words 2>&1 && converted=0 || converted=$?
  qemu-img check -f "$format" image >found 2>&1 && checked=0 || checked=$?
  if [[ -e back ]]; then
    rest=", of $(stat --format %s back) bytes the last 4 MiB are zeros: $(tail -c 4M back | cmp -s - <(head -c 4M /dev/zero) && echo yes || echo no)"
  fi
  echo "convert $converted, words $(wc -l <words), check $checked$rest"
  rm image
}
zeros="convert 0, words 0, check CHECK, of 8388608 bytes the last 4 MiB are zeros: yes"
expect qcow2 "$(halved qcow2 image)" "${zeros/CHECK/2}"
expect VMDK "$(halved vmdk image)" "${zeros/CHECK/1}"
expect VDI "$(halved vdi image)" "${zeros/CHECK/0}"
expect "check of the VDI" "$(head -1 found)" "No errors were found on the image."
expect "for comparison, VHDX" "$(halved vhdx image)" "convert 1, words 2, check 2"
expect "for comparison, VHD" "$(halved vpc image)" "convert 1, words 1, check 1"
qemu-img convert -f raw -O vmdk -o subformat=monolithicFlat disk image.vmdk
truncate --size 4M image-flat.vmdk
qemu-img convert -f vmdk -O raw image.vmdk back && status=0 || status=$?
expect "flat VMDK, exit status" "$status" 0
expect "first difference" "$(cmp disk back | grep -o 'char [0-9]*')" "char 4194305"
