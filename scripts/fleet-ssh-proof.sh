#!/usr/bin/env bash
# A fleet by ssh for real, on this machine alone: an sshd of its own on loopback with keys of its own, a Redis, a
# shop, and two machines of a fleet: by scripts/fleet-ssh.sh, and by `shopblast fleet up --engine ssh`. Then both
# are cut off in the middle, and nothing that they started may be left. The usage is below.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'TEXT'
Usage: scripts/fleet-ssh-proof.sh [--help]

Needs root, redis-server, and sshd: on the PATH, or apt-get, which downloads Debian's package of it; it is unpacked
into a directory that is removed at the end. Takes a minute. Where there is none it is said why, and the exit
code is 0 (1 with ENGINE=needed).

Environment variables:

  SHOPBLAST    binary to try                 [default: builds the release binary]
  PORT         first of three ports          [default: 23100]
  SECONDS_RUN  length of each run            [default: 8]
  ENGINE       needed: without sshd it fails [default: it is skipped]
TEXT
}

case ${1:-} in
  '' | --inside) ;;
  --help | -h) usage && exit 0 ;;
  *) echo "unknown argument: $1; see scripts/fleet-ssh-proof.sh --help" >&2 && exit 2 ;;
esac
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH=$PATH:/usr/sbin:/sbin
# shellcheck source=scripts/fleet_proof/ground.sh
. "$repository/scripts/fleet_proof/ground.sh"

if [ "${1-}" != --inside ]; then
  need sshd unshare redis-server redis-cli
  prepare "$repository"
  if ! command -v sshd >/dev/null || ! command -v ssh >/dev/null; then
    command -v apt-get >/dev/null || skip "sshd is missing (Debian: apt-get install openssh-server)"
    mkdir -p "$WORK/packages" "$WORK/tree"
    (cd "$WORK/packages" && apt-get download openssh-server openssh-client libwrap0 libcbor0.8 libfido2-1 libedit2 libbsd0 libmd0 >log 2>&1) ||
      skip "sshd is missing, and Debian's package of it cannot be had: $(tail -n 1 "$WORK/packages/log")"
    for package in "$WORK"/packages/*.deb; do dpkg --extract "$package" "$WORK/tree"; done
    libraries=("$WORK"/tree/usr/lib/*-linux-gnu)
    more=("$WORK"/tree/lib/*-linux-gnu)
    export PATH=$WORK/tree/usr/sbin:$WORK/tree/usr/bin:$PATH LD_LIBRARY_PATH=${libraries[0]}:${more[0]}
  fi
  code=0
  # What sshd wants of the machine is there for it alone: its user and its directory.
  unshare --mount --propagation private bash "$0" --inside || code=$?
  exit "$code"
fi

port=${PORT:-23100} seconds=${SECONDS_RUN:-8}
mkdir -p "$WORK/run"
cp /etc/passwd "$WORK/passwd"
grep -q '^sshd:' "$WORK/passwd" || echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin' >>"$WORK/passwd"
mount --bind "$WORK/passwd" /etc/passwd
mkdir -p /run/sshd
ssh-keygen -q -t ed25519 -N '' -f "$WORK/host_key"
ssh-keygen -q -t ed25519 -N '' -f "$WORK/key"
cp "$WORK/key.pub" "$WORK/authorized"
cat >"$WORK/sshd_config" <<CONF
ListenAddress 127.0.0.1
Port $port
HostKey $WORK/host_key
PidFile $WORK/sshd.pid
AuthorizedKeysFile $WORK/authorized
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
StrictModes no
CONF
cat >"$WORK/ssh_config" <<CONF
Host one two
  HostName 127.0.0.1
  Port $port
  User root
  IdentityFile $WORK/key
  IdentitiesOnly yes
  UserKnownHostsFile $WORK/known
  StrictHostKeyChecking accept-new
  LogLevel ERROR
CONF

# shellcheck source=scripts/fleet_proof/checks.sh
. "$repository/scripts/fleet_proof/checks.sh"
"$(command -v sshd)" -D -e -f "$WORK/sshd_config" 2>"$WORK/sshd.log" &
started+=("$!")
redis-server --port $((port + 1)) --bind 127.0.0.1 --save '' --appendonly no >/dev/null &
started+=("$!")
"$SHOPBLAST" sandbox --no-observatory --port $((port + 2)) >"$WORK/shop.log" 2>&1 &
started+=("$!")
for _ in $(seq 50); do
  ssh -F "$WORK/ssh_config" -o BatchMode=yes one true 2>/dev/null && redis-cli -p $((port + 1)) ping >/dev/null 2>&1 && break
  sleep 0.1
done
ssh -F "$WORK/ssh_config" -o BatchMode=yes one true || { tail -n 5 "$WORK/sshd.log" >&2; exit 1; }

# Machines of a fleet that are still there: by the run's name in their words.
machines_of() { pgrep --full --count -- "fleet join --run $1" || true; }
none_left() {
  for _ in $(seq 100); do [ "$(machines_of "$1")" = 0 ] && return 0; sleep 0.1; done
  return 1
}
run=(SpikeUser --users 20 --spawn-rate 20 --host "http://127.0.0.1:$((port + 2))")
redis=redis://127.0.0.1:$((port + 1))/0
cd "$WORK"

code=0
HOSTS="one two" REDIS=$redis SSH="ssh -F $WORK/ssh_config" PROGRAM=$SHOPBLAST RUN=script JOIN="--results $WORK/parts --oversubscribe --cores 1" \
  bash "$repository/scripts/fleet-ssh.sh" "${run[@]}" --run-time "${seconds}s" --results "$WORK/script" || code=$?
check_ended fleet-ssh.sh script "$code" "$WORK/script"

up=("$SHOPBLAST" fleet up --engine ssh --shards 2 --on one,two --redis "$redis" --program "$SHOPBLAST"
  --engine-flag=-F "--engine-flag=$WORK/ssh_config" "--join-flags=--results $WORK/parts --oversubscribe")
code=0
"${up[@]}" --run up --results "$WORK/up" -- "${run[@]}" --run-time "${seconds}s" </dev/null || code=$?
check_ended "fleet up" up "$code" "$WORK/up"

"${up[@]}" --run cut --results "$WORK/cut" -- "${run[@]}" --run-time 10m </dev/null >"$WORK/cut.log" 2>&1 &
cut=$!
for _ in $(seq 100); do [ "$(machines_of cut)" -ge 2 ] && break; sleep 0.1; done
sleep 3
check "fleet up, cut off: two machines were there" test "$(machines_of cut)" -ge 2
kill -KILL "$cut"
wait "$cut" 2>/dev/null || true
check "fleet up, killed: nothing is left" none_left cut
# Its leader has nobody left to lead, and ends by itself.
leaders_of() { pgrep --full -- "fleet run --shards 2 --run $1" || true; }
leader_ends() {
  for _ in $(seq 300); do [ -z "$(leaders_of "$1")" ] && return 0; sleep 0.1; done
  for id in $(leaders_of "$1"); do kill "$id" || true; done
  return 1
}
check "fleet up, killed: its leader ends by itself" leader_ends cut

"${up[@]}" --run stopped --results "$WORK/stopped" -- "${run[@]}" --run-time 10m </dev/null >"$WORK/stopped.log" 2>&1 &
stopped=$!
check_stopped "fleet up, stopped" stopped "$stopped" "$WORK/stopped"
[ "$faults" = 0 ]
