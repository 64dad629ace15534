#!/usr/bin/env bash
# A fleet on Docker Swarm for real, on one node: the image is built from Debian's packages, an engine of its own
# is started in a network namespace of its own, and `shopblast fleet up --engine swarm` launches four machines,
# which load a shop in the swarm: four containers, one run, one record. The usage is below.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'TEXT'
Usage: scripts/fleet-swarm.sh [--help | --keep]

Needs root, debootstrap, python3 and an engine: dockerd on the PATH, or apt-get, which downloads Debian's
packages of it; they are unpacked into a directory that is removed at the end, and not installed. Takes two
minutes and 1 GB of disk. Nothing is reached from outside: the engine has a network namespace of its own, which
leads nowhere. Where an engine cannot run it is said why, and the exit code is 0 (1 with ENGINE=needed).

With --keep the engine stays until Enter is pressed.

Environment variables:

  SHOPBLAST    binary to try                 [default: builds the release binary]
  IMAGE        archive of an image to take   [default: made by scripts/image.sh]
  SHARDS       machines                      [default: 4]
  SECONDS_RUN  length of the run             [default: 10]
  ENGINE       needed: without one it fails  [default: it is skipped]
TEXT
}

keep=no
case ${1:-} in
  '' | --inside) ;;
  --keep) keep=yes ;;
  --help | -h) usage && exit 0 ;;
  *) echo "unknown argument: $1; see scripts/fleet-swarm.sh --help" >&2 && exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH=$PATH:/usr/sbin:/sbin
skip() {
  echo "skipped: $*" >&2
  [ "${ENGINE-}" = needed ] && exit 1
  exit 0
}

if [ "${1-}" != --inside ]; then
  [ "$(id -u)" = 0 ] || skip "an engine is started by root"
  for tool in unshare ip python3; do command -v "$tool" >/dev/null || skip "$tool is missing"; done
  unshare --net --mount true 2>/dev/null || skip "this machine gives no network namespaces"
  if [ -z "${SHOPBLAST-}" ]; then
    cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
    SHOPBLAST=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
  fi
  export SHOPBLAST
  unset "${!LOCUST_@}"
  WORK=$(mktemp -d)
  export WORK KEEP=$keep
  trap 'rm -rf --one-file-system "$WORK"' EXIT

  if ! command -v dockerd >/dev/null; then
    command -v apt-get >/dev/null || skip "dockerd is missing (Debian: apt-get install docker.io)"
    packages="docker.io containerd runc iptables libip4tc2 libip6tc2 libxtables12 libnetfilter-conntrack3 libnfnetlink0 libnftnl11 tini"
    mkdir -p "$WORK/packages" "$WORK/engine"
    # shellcheck disable=SC2086
    (cd "$WORK/packages" && apt-get download $packages >log 2>&1) ||
      skip "dockerd is missing, and Debian's package of it cannot be had: $(tail -n 1 "$WORK/packages/log")"
    for package in "$WORK"/packages/*.deb; do dpkg --extract "$package" "$WORK/engine"; done
    rm -rf "$WORK/packages"
    engine=$WORK/engine/usr
    libraries=("$engine"/lib/*-linux-gnu)
    export PATH=$WORK/bin:$engine/sbin:$engine/bin:$PATH
    export LD_LIBRARY_PATH=${libraries[0]} XTABLES_LIBDIR=${libraries[0]}/xtables
    mkdir -p "$WORK/bin"
    # The newer tables of the kernel are not everywhere; these are.
    for tool in iptables ip6tables; do ln -s "$engine/sbin/xtables-legacy-multi" "$WORK/bin/$tool"; done
    ln -s "$engine/bin/tini-static" "$WORK/bin/docker-init"
  fi
  if [ -z "${IMAGE-}" ]; then
    IMAGE=$WORK/image.tar
    OUT=$IMAGE bash "$repository/scripts/image.sh" >&2 || skip "the image cannot be built"
  fi
  export IMAGE
  # Not exec: the trap removes what was made.
  code=0
  unshare --net --mount --propagation private bash "$0" --inside || code=$?
  [ "$code" = 77 ] && skip "the engine does not run here, see above"
  exit "$code"
fi

# From here on inside of the namespaces.
ip link set lo up
socket=$WORK/docker.sock
export DOCKER_HOST=unix://$socket
storage=overlay2
mkdir -p "$WORK/probe"/{lower,upper,work,merged}
mount -t overlay overlay -o "lowerdir=$WORK/probe/lower,upperdir=$WORK/probe/upper,workdir=$WORK/probe/work" \
  "$WORK/probe/merged" 2>/dev/null && umount "$WORK/probe/merged" || storage=vfs
rm -rf "$WORK/probe"
dockerd --data-root "$WORK/data" --exec-root "$WORK/run" --pidfile "$WORK/dockerd.pid" --host "$DOCKER_HOST" \
  --storage-driver "$storage" --log-level warn >"$WORK/dockerd.log" 2>&1 &
dockerd=$!
leave() {
  # Volumes and networks go with the namespace and the directory.
  docker swarm leave --force >/dev/null 2>&1 || true
  docker ps --all --quiet 2>/dev/null | xargs --no-run-if-empty docker rm --force >/dev/null 2>&1 || true
  kill "$dockerd" 2>/dev/null || true
  wait "$dockerd" 2>/dev/null || true
  # Mounts that the engine left would be removed with what is in them.
  awk -v work="$WORK" 'index($2, work) == 1 { print $2 }' /proc/mounts | sort -r | xargs --no-run-if-empty umount --lazy
}
trap leave EXIT
for _ in $(seq 60); do
  docker info >"$WORK/info" 2>&1 && break
  kill -0 "$dockerd" 2>/dev/null || break
  sleep 0.5
done
docker info --format 'engine {{.ServerVersion}}, storage {{.Driver}}, cgroups {{.CgroupVersion}}, kernel {{.KernelVersion}}' || {
  echo "dockerd does not come up:" >&2
  tail -n 5 "$WORK/dockerd.log" >&2
  exit 77
}
docker load --input "$IMAGE"
docker swarm init --advertise-addr 127.0.0.1 >/dev/null || { tail -n 5 "$WORK/dockerd.log" >&2; exit 77; }
docker network create --driver overlay --attachable shop >/dev/null
docker run --detach --name shop --network shop shopblast sandbox --bind 0.0.0.0 >/dev/null
python3 "$repository/scripts/fleet_swarm/prove.py"
if [ "$KEEP" = yes ]; then
  read -r -p "DOCKER_HOST=$DOCKER_HOST, in the namespaces of $$; Enter ends it: " _
fi
