# shellcheck shell=bash
# Open MPI of Debian 12, unpacked and told where it lies. To be sourced after finding.sh, and after own_mounts where there is one.

packages openmpi-bin=4.1.4-3+b1 openmpi-common=4.1.4-3 libopenmpi3=4.1.4-3+b1 libopenmpi-dev=4.1.4-3+b1 libpmix2=4.2.2-1+deb12u1 \
  libhwloc15=2.9.0-1 libevent-core-2.1-7=2.1.12-stable-8+deb12u1 libevent-pthreads-2.1-7=2.1.12-stable-8+deb12u1 \
  libucx0=1.13.1-1 libfabric1=1.17.0-3 libmunge2=0.5.15-2+deb12u1 libpsm2-2=11.2.185-2 libibverbs1=44.0-2 librdmacm1=44.0-2 \
  libnl-3-200=3.7.0-0.2+b1 libnl-route-3-200=3.7.0-0.2+b1 libnuma1=2.0.16-1
lib=$root/usr/lib/x86_64-linux-gnu
export OPAL_PREFIX=$root/usr OPAL_LIBDIR=$lib/openmpi/lib OPAL_PKGDATADIR=$root/usr/share/openmpi
export OPAL_SYSCONFDIR=$root/etc/openmpi
export PMIX_INSTALL_PREFIX=$lib/pmix2 PMIX_PKGDATADIR=$root/usr/share/pmix2 PMIX_MCA_gds=hash TMPDIR=$folder/t
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
mkdir t
