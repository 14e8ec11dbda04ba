#!/usr/bin/env bash
# usage: slurm_test.sh CAROUSEL_MPI openmpi|mpich
# Ranks that Slurm starts, on a cluster of this machine alone, with ports of its own, which ends with the test.
. "$(dirname "$0")/lib.sh"

for word in munged slurmctld slurmd srun sbatch scontrol; do
  command -v "$word" >/dev/null || skip "there is no $word (slurm-wlm and munge, which scripts/setup leaves out where they would start services)"
done
is_root || skip "only root can start slurmd"

started=()
# What serves a step (slurmstepd of 22.05) may stay for ever with all of its tasks gone, and slurmd waits for it: those that write to the
# log of this cluster are its own.
end_steps() {
  local process
  for process in $(pgrep -f '^slurmstepd: '); do
    [[ -n $(find "/proc/$process/fd" -lname "$dir/*" -print -quit 2>/dev/null) ]] && kill -9 "$process"
  done
}
end_cluster() {
  for ((i = ${#started[@]} - 1; i >= 0; --i)); do kill "${started[i]}" 2>/dev/null; done
  for ((i = 0; i < 50; ++i)); do
    [[ -n $(jobs -pr) ]] && sleep 0.1 || break
  done
  end_steps
  for ((i = ${#started[@]} - 1; i >= 0; --i)); do kill -9 "${started[i]}" 2>/dev/null; done
  wait
  clean_up
}
trap end_cluster EXIT

# munged refuses to run with secrets that others may touch, and all who talk to it have to find its socket.
chmod 711 "$dir"
install -d -m 755 -o munge -g munge munge
install -d slurm slurm/state slurm/spool
dd if=/dev/urandom of=munge/key bs=128 count=1 status=none
chmod 400 munge/key
chown munge:munge munge/key
setpriv --reuid=munge --regid=munge --clear-groups munged --foreground --socket="$dir/munge/socket" --key-file="$dir/munge/key" \
  --pid-file="$dir/munge/pid" --log-file="$dir/munge/log" --seed-file="$dir/munge/seed" >munge.out 2>&1 &
started+=($!)
mapfile -t ports < <(python3 -c '
import socket
ends = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
for one in ends: print(one.getsockname()[1])')
host=$(hostname -s)
cat >slurm/slurm.conf <<END
ClusterName=carousel
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=${ports[0]}
SlurmdPort=${ports[1]}
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$dir/munge/socket
CredType=cred/munge
StateSaveLocation=$dir/slurm/state
SlurmdSpoolDir=$dir/slurm/spool
SlurmctldPidFile=$dir/slurm/slurmctld.pid
SlurmdPidFile=$dir/slurm/slurmd.pid
SlurmctldLogFile=$dir/slurm/slurmctld.log
SlurmdLogFile=$dir/slurm/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=4
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
export SLURM_CONF=$dir/slurm/slurm.conf
for ((i = 0; i < 50; ++i)); do [[ -S munge/socket ]] && break || sleep 0.1; done
slurmctld -D -f "$SLURM_CONF" >slurmctld.out 2>&1 &
started+=($!)
slurmd -D -f "$SLURM_CONF" -N "$host" >slurmd.out 2>&1 &
started+=($!)
state=
for ((i = 0; i < 150; ++i)); do
  state=$(sinfo -h -o %t 2>/dev/null)
  [[ $state == idle ]] && break || sleep 0.2
done
[[ $state == idle ]] || {
  tail -n 3 munge.out munge/log slurmctld.out slurmd.out slurm/*.log 2>/dev/null
  skip "no Slurm cluster starts here: its node is '$state'"
}

plugin=pmi2
[[ $mpi == openmpi ]] && plugin=pmix
[[ $mpi == mpich ]] || srun --mpi=list 2>&1 | grep -q pmix || skip "Slurm has no pmix here"
slurm_run() { # OPTION... -- ARGUMENT...: of srun and of carousel-mpi
  local options=()
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  timeout -k 5 50 srun --input=none "${options[@]}" "$program" "${@:2}" >out 2>err
  status=$?
}
ends_well() { [[ $status -eq 0 ]] || { cat out err && false; }; }

python3 "$tests/make_tree.py" tree
slurm_run --mpi=$plugin -n 2 -- cp -a --json --part-size=2M tree copy
check "srun --mpi=$plugin starts ranks of one job" ends_well
check "which are two" test "$(json out 'len(o["ranks"])')" = 2
check "and copy all of it" same_tree tree copy

for wrong in none $([[ $mpi == mpich ]] && echo pmix || echo pmi2); do
  slurm_run --mpi="$wrong" -n 2 -- cp -a tree wrong
  check "srun --mpi=$wrong is refused with 2" test "$status" = 2
  check "with the right command" says "srun --mpi=$plugin"
  check "said once" test "$(grep -c "srun --mpi=$plugin" err)" = 1
  check "and nothing is copied" not test -e wrong
done

# As a user sends it: the example, with what it is to copy in its environment.
ln -s "$program" "$dir/carousel-mpi"
PATH=$dir:$PATH SOURCE=$dir/tree TARGET=$dir/batch MPI_OF_SLURM=$plugin timeout -k 5 50 sbatch --wait --nodes=1 --ntasks-per-node=2 \
  --cpus-per-task=1 --output="$dir/batch.out" "$tests/../examples/copy.sbatch" >out 2>&1
check "the example of a batch job ends well" test $? = 0
check "and copies all of it" same_tree tree batch
check "by two ranks" grep -q "by 2 ranks" batch.out

slurm_run --mpi=$plugin -n 2 --kill-on-bad-exit=1 -- cp -a tree nowhere/copy
check "an error ends the job with 1" test "$status" = 1
finish
