#!/usr/bin/env bash
# A fleet on Slurm for real, on one node: slurmctld and slurmd from Debian's packages, in a root and a network
# namespace of their own, and `shopblast fleet up --engine slurm`: one job of two machines, a leader and a Redis, one
# record. Then a run is stopped by Ctrl-C. The usage is below.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'TEXT'
Usage: scripts/fleet-slurm.sh [--help]

Needs root, apt-get, redis-server and overlayfs. Debian's packages of Slurm are installed into a copy of this
machine's root that only this script sees, and that is forgotten at its end. Takes a minute. Where that is not
possible it is said why, and the exit code is 0 (1 with ENGINE=needed).

Environment variables:

  SHOPBLAST    binary to try                 [default: builds the release binary]
  SECONDS_RUN  length of the run             [default: 8]
  ENGINE       needed: without one it fails  [default: it is skipped]
TEXT
}

case ${1:-} in
  '' | --inside) ;;
  --help | -h) usage && exit 0 ;;
  *) echo "unknown argument: $1; see scripts/fleet-slurm.sh --help" >&2 && exit 2 ;;
esac
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=scripts/fleet_proof/ground.sh
. "$repository/scripts/fleet_proof/ground.sh"

if [ "${1-}" != --inside ]; then
  need slurmd unshare ip apt-get redis-server
  unshare --net --mount true 2>/dev/null || skip "this machine gives no namespaces"
  prepare "$repository"
  code=0
  # Packages come over this machine's network; what runs has one of its own.
  # All of it ends with this: its processes have a namespace of their own, too.
  unshare --mount --pid --fork --kill-child --propagation private bash "$0" --inside || code=$?
  [ "$code" = 77 ] && skip "Slurm does not run here, see above"
  exit "$code"
fi

mount -t tmpfs -o size=1G tmpfs "$WORK"
mkdir "$WORK"/{up,work,root}
mount -t overlay overlay -o "lowerdir=/,upperdir=$WORK/up,workdir=$WORK/work" "$WORK/root" || exit 77
root=$WORK/root
mount -t proc proc "$root/proc"
for place in sys dev; do mount --rbind "/$place" "$root/$place"; done
# Nothing is started by being installed.
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get install -y -qq --no-install-recommends slurmctld slurmd slurm-client \
  munge >"$WORK/packages" 2>&1 || { tail -n 3 "$WORK/packages" >&2; exit 77; }
home=$root/slurm
mkdir -p "$home"/{state,spool,jobs}
cp "$SHOPBLAST" "$home/shopblast"
cp "$repository/scripts/fleet_proof/checks.sh" "$home/checks.sh"
node=$(hostname)
cpus=$(nproc)
echo "127.0.0.1 localhost $node" >"$root/etc/hosts"
cat >"$root/etc/slurm/slurm.conf" <<CONF
ClusterName=proof
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=/slurm/munge.socket
SlurmctldPort=23206
SlurmdPort=23207
SlurmctldPidFile=/slurm/slurmctld.pid
SlurmdPidFile=/slurm/slurmd.pid
StateSaveLocation=/slurm/state
SlurmdSpoolDir=/slurm/spool
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=$cpus State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
cat >"$home/inside.sh" <<'INSIDE'
set -euo pipefail
ip link set lo up
# Slurm asks for an address that is not loopback before it listens.
ip link add here type veth peer name there
ip address add 10.213.0.1/24 dev here
ip link set here up
ip link set there up
cd /slurm
. ./checks.sh
munged --foreground --force --key-file /etc/munge/munge.key --socket /slurm/munge.socket --pid-file /slurm/munged.pid \
  --seed-file /slurm/munge.seed --log-file /slurm/munged.log 2>munged.err &
started+=("$!")
for _ in $(seq 50); do [ -S munge.socket ] && break; sleep 0.1; done
slurmctld -D 2>slurmctld.log &
started+=("$!")
slurmd -D 2>slurmd.log &
started+=("$!")
state() { timeout 3 sinfo --noheader --format "$1" 2>/dev/null || true; }
for _ in $(seq 50); do
  [[ $(state %T) = *idle* ]] && break
  kill -0 "${started[1]}" 2>/dev/null || break
  sleep 0.2
done
state 'Slurm node %N: %T, %c CPUs'
[[ $(state %T) = *idle* ]] || { tail -n 4 munged.err slurmctld.log slurmd.log >&2; exit 77; }
./shopblast sandbox --no-observatory --port 23208 >shop.log 2>&1 &
started+=("$!")

# No job, and no process.
jobs_left() { squeue --noheader | wc -l; }
none_left() {
  for _ in $(seq 100); do
    [ "$(jobs_left)" = 0 ] && ! pgrep --full -- "fleet (join|run) .*--run $1" >/dev/null && return 0
    sleep 0.2
  done
  return 1
}
export FLEET_REDIS_HOST=127.0.0.1 FLEET_REDIS_PORT=23209
up=(./shopblast fleet up --engine slurm --shards 2 --same-node --program /slurm/shopblast --longest 10m
  "--join-flags=--results /slurm/parts --oversubscribe")
run=(SpikeUser --users 20 --spawn-rate 20 --host http://127.0.0.1:23208)
code=0
"${up[@]}" --run whole --results whole -- "${run[@]}" --run-time "${SECONDS_RUN:-8}s" || code=$?
check_ended "fleet up" whole "$code" whole
"${up[@]}" --run stopped --results stopped -- "${run[@]}" --run-time 10m >stopped.log 2>&1 &
stopped=$!
check_stopped "fleet up, stopped" stopped "$stopped" stopped
[ "$faults" = 0 ] || { tail -n 20 shopblast-whole.out shopblast-stopped.out stopped.log >&2; exit 1; }
INSIDE
exec unshare --net chroot "$root" bash /slurm/inside.sh
