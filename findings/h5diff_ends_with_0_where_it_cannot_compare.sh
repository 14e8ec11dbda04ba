#!/usr/bin/env bash
# h5diff ends with 0, and with -q says nothing, when a dataset has lost its end, became text, or is no dataset in the other file.
#
# One would guess: its help says 0 for "no differences", 1 for "differences found", 2 for an error; `h5diff -q original copy && rm original`
# is a test of a copy. One value of a thousand that differs gives 1.
# What happens: objects of the same name but another shape, another class of type or another kind are "not comparable", and count neither
# as different nor as an error. A series of 1000 steps of which the copy has 400 gives 0; so do integers against floating
# numbers of other values, numbers against text, a dataset against a group. Without -q a note says "Some objects are not comparable",
# which ones only with -c; the status is 0 all the same. Since they are not compared, the 400 steps may hold anything.
# For whom it matters: who checks archives, converted files or the output of a changed program by h5diff in a script or a test. A run that
# ended early is the usual fault of a series in HDF5, and is what this does not see.
# What follows for our users: take any output of h5diff -c for a difference. A copy is compared by its bytes (cmp, a sum), and only what was
# converted by h5diff.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages hdf5-tools=1.10.8+repack1-1 libhdf5-103-1=1.10.8+repack1-1 libhdf5-hl-100=1.10.8+repack1-1 libaec0=1.0.6-1+b1 libsz2=1.0.6-1+b1 \
  python3-h5py=3.7.0-8 python3-h5py-serial=3.7.0-8 python3-numpy=1:1.24.2-1+deb12u1 python3-pkg-resources=66.1.1-1+deb12u2 \
  libblas3=3.11.0-2 liblapack3=3.11.0-2 libgfortran5=12.2.0-14+deb12u1 libquadmath0=12.2.0-14+deb12u1
echo "version    $(h5diff --version)"

cat >files.py <<'PY'
import h5py, numpy


def write(name, series):
    with h5py.File(name + ".h5", "w") as file:
        file["other"] = numpy.arange(5)
        if series is None:
            file.create_group("series")
        elif series is not False:
            file["series"] = series


steps = numpy.arange(1000)
write("whole", steps)
write("same", steps)
changed = steps.copy()
changed[3] = 9
write("changed", changed)
write("without", False)
write("cut", steps[:400])
write("cut_and_wrong", steps[:400] * 0 + 77)
write("floats", steps * 0.5)
write("text", numpy.array([b"none"] * 1000))
write("group", None)
PY
/usr/bin/python3 files.py

# told OTHER: the exit status of h5diff -q of whole.h5 and OTHER.h5, and how much it prints.
told() {
  local status=0
  h5diff -q whole.h5 "$1.h5" >words 2>&1 || status=$?
  echo "$status, $(wc -c <words) bytes"
}
expect "the same, status" "$(told same)" "0, 0 bytes"
expect "one value changed" "$(told changed)" "1, 0 bytes"
expect "one dataset missing" "$(told without)" "1, 0 bytes"
for other in cut cut_and_wrong floats text group; do expect "$other" "$(told "$other")" "0, 0 bytes"; done
h5diff whole.h5 cut.h5 >words && status=0 || status=$?
expect "cut, without -q, status" "$status, $(grep -c 'not comparable' words) line" "0, 1 line"
h5diff whole.h5 cut.h5 /series >words && status=0 || status=$?
expect "cut, the dataset asked for by name, status" "$status" 0
h5diff -c whole.h5 cut.h5 >words && status=0 || status=$?
expect "cut, with -c, status" "$status, $(grep -c 'Not comparable: </series> has rank 1, dimensions \[1000\]' words) line" "0, 1 line"
expect "exit statuses in its help" "$(h5diff --help | grep -o '0 if no differences, 1 if differences found, 2 if error')" \
  "0 if no differences, 1 if differences found, 2 if error"
