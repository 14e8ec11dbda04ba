#!/usr/bin/env bash
# mpirun of Open MPI, told to end by SIGTERM, kills its ranks one second later, in the middle of the checkpoint that they write.
#
# One would guess: SIGTERM is the request to end in order. mpirun hands it on, waits for the ranks, and leaves it to whoever asked to
# lose patience: systemd waits 90 seconds, Slurm 30. MPICH's does so.
# What happens: Open MPI 4.1's mpirun sends SIGTERM to the ranks and, when a second has passed, SIGKILL, whatever they do (SIGINT and
# SIGHUP are the same). A handler that writes its state gets a second's worth of it on the disk; the grace that the scheduler was
# asked for is of no use. `--mca odls_base_sigkill_timeout 60` changes it, but then mpirun waits at least that long, also when its
# ranks have ended, and its status is 1 in any case. SIGUSR1 is handed on without a limit.
# For whom it matters: jobs on machines that can be taken away, with a time limit, or stopped by an operator, whose last checkpoint is
# written on SIGTERM. It works with a small test, with MPICH, under srun, and with one process and no mpirun.
# What follows for our users: ask for the signal SIGUSR1 ahead of time (sbatch --signal=USR1@120), or set the parameter. Write a
# checkpoint beside the old one and rename it when it is synced; `carousel cp` leaves no half file under the final name.
source "$(dirname "$(realpath "$0")")/lib/finding.sh"
source "$(dirname "$script")/lib/open_mpi.sh"

packages mpich=4.0.2-3+b1 libslurm38=22.05.8-4+deb12u3
echo "version    $(ompi_info --version | head -1), MPICH $(mpiexec.hydra --version | sed -n 's/.*Version: *//p')"

# A rank that needs three seconds to write its checkpoint.
cat >rank.sh <<'SH'
checkpoint() {
  for part in 1 2 3 4 5 6; do
    sleep 0.5
    echo "part $part" >>checkpoint
  done
  echo whole >>checkpoint
  exit 0
}
trap checkpoint TERM USR1
touch ready
while :; do sleep 0.1; done
SH

# after SIGNAL COMMAND...: the exit status of COMMAND when it gets the signal, and how far the checkpoint came.
after() {
  local status=0
  rm -f ready checkpoint
  "${@:2}" sh rank.sh >words 2>&1 &
  started=("$!")
  until_there test -e ready
  kill "-$1" "${started[0]}"
  wait "${started[0]}" || status=$?
  started=()
  case $(tail -1 checkpoint) in whole) echo "whole, status $status" ;; *) echo "a part, status $status" ;; esac
}
own=(orterun -np 1 --mca pml ob1 --mca btl "self,vader")
expect "Open MPI after SIGTERM" "$(after TERM "${own[@]}")" "a part, status 1"
expect "the same with five seconds to do it" "$(after TERM "${own[@]}" --mca odls_base_sigkill_timeout 5)" "whole, status 1"
expect "Open MPI after SIGUSR1" "$(after USR1 "${own[@]}")" "whole, status 0"
expect "MPICH after SIGTERM" "$(after TERM mpiexec.hydra -n 1)" "whole, status 0"
