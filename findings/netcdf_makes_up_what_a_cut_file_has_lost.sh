#!/usr/bin/env bash
# A netCDF file that lost its second half opens as before, and reads as zeros and values from elsewhere where it ends.
#
# One would guess: the header tells how long the file must be, so a file that is too short is an error, at the latest when
# something behind its end is read. HDF5 says "truncated file" to the same.
# What happens: the layer below the classic formats (CDF-1, CDF-2, CDF-5) takes the end of the file for success. The rest of its
# buffer is zeros, which are not the fill value by which a program knows what was never written, or what the buffer held before:
# values from earlier in the file, which look like data. ncdump prints them, and nccopy makes a new file of full size of them.
# Both exit with 0.
# For whom it matters: climate and weather data: an interrupted download, a job killed or out of quota while it wrote, a copy
# that stopped. The mean over time comes out, and the file that looks whole is archived.
# What follows for our users: a netCDF file that opens says nothing of its copy; compare sizes or checksums, or copy by a tool
# that gives the name only to a whole file.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"

packages netcdf-bin=1:4.9.0-3+b1 libnetcdf19=1:4.9.0-3+b1 libhdf5-103-1=1.10.8+repack1-1 libhdf5-hl-100=1.10.8+repack1-1 \
  libsz2=1.0.6-1+b1 libaec0=1.0.6-1+b1 libcurl3-gnutls=7.88.1-10+deb12u15 libcurl4=7.88.1-10+deb12u15 \
  libxml2=2.9.14+dfsg-1.3~deb12u6 libicu72=72.1-3+deb12u1 libnghttp2-14=1.52.0-1+deb12u3 librtmp1=2.4+20151223.gitfa8646d.1-2+b2 \
  libssh2-1=1.10.0-3+deb12u1 libpsl5=0.21.2-1 libldap-2.5-0=2.5.13+dfsg-5 libsasl2-2=2.1.28+dfsg-10+deb12u1 \
  libbrotli1=1.0.9-2+deb12u1

echo "version    netCDF $(ncdump 2>&1 | grep -oE 'version [0-9.]+' || true)"

# The file counts from 1 to 20000, so that each value tells where it belongs.
{
  echo 'netcdf run { dimensions: time = UNLIMITED; place = 1000; variables: int heat(time, place); data: heat ='
  seq -s, 1 20000
  echo '; }'
} >run.cdl

# told FILE: how many values are right, 0, and another number; and ncdump's exit status.
told() {
  local status=0
  ncdump "$1" >dump 2>complaint || status=$?
  sed '1,/^data:/d' dump | grep -oE '\b[0-9]+\b' |
    awk '$1 == NR { ++right } $1 == 0 { ++zeros } $1 != NR && $1 != 0 { ++others }
         END { print right + 0, (zeros ? "zeros" : "none"), (others ? "others" : "none") }' >numbers
  echo "$(cat numbers), status $status"
}
for format in classic 64-bit-offset cdf5; do
  ncgen -k "$format" -o run.nc run.cdl
  expect "right values, zeros and others in a $format file" "$(told run.nc)" "20000 none none, status 0"
  size=$(stat --format %s run.nc)
  truncate --size "$((size - 40000))" run.nc
  expect "without its last 40000 bytes" "$(told run.nc)" "10000 zeros others, status 0"
  nccopy run.nc copy.nc
  expect "bytes of a copy of that by nccopy, those lost" "$(($(stat --format %s copy.nc) - $(stat --format %s run.nc)))" 40000
  expect "right values, zeros and others in it" "$(told copy.nc)" "10000 zeros others, status 0"
done
ncgen -k nc4 -o run.nc run.cdl
truncate --size 40000 run.nc
expect "netCDF-4, which is HDF5, cut short" "$(told run.nc)" "0 none none, status 1"
