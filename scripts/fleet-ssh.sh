#!/usr/bin/env bash
# A fleet on hosts that are reached by ssh, without anything else: `shopblast fleet join` on each of them, the
# leader here. The usage is below. `shopblast fleet up --engine ssh` does the same and more.
set -euo pipefail

usage() {
  cat <<'TEXT'
Usage: HOSTS="a b c" REDIS=redis://:password@meet:6379 scripts/fleet-ssh.sh FLAG…

The flags are those of a run: scripts/fleet-ssh.sh --profile load --host http://shop:8000. What is started on
the hosts ends with this script, however it ends; its exit code is the leader's. ssh must ask for no password.

Environment variables:

  HOSTS      hosts, as ssh knows them: one machine of the fleet on each (a host twice has two)
  REDIS      Redis that all of them reach, and this machine, too
  SHOPBLAST  the program here                   [default: shopblast]
  PROGRAM    the program on the hosts           [default: shopblast]
  SSH        how hosts are reached              [default: ssh -o BatchMode=yes -o ServerAliveInterval=5]
  JOIN       further flags of each machine      [default: none], like --cores 4 --allow-target shop
  RUN        name of the run                    [default: made up]
  SHOPBLAST_FLEET_SECRET  what signs messages   [default: made up]
TEXT
}

case ${1:-} in
  '' | --help | -h) usage && exit 0 ;;
esac
: "${HOSTS:?name hosts, see scripts/fleet-ssh.sh --help}" "${REDIS:?name a Redis, see scripts/fleet-ssh.sh --help}"
run=${RUN:-ssh-$(od -An -N4 -tx1 /dev/urandom | tr -d ' \n')}
secret=${SHOPBLAST_FLEET_SECRET:-$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')}
read -r -a hosts <<<"${HOSTS//$'\n'/ }"
read -r -a ssh <<<"${SSH:-ssh -o BatchMode=yes -o ServerAliveInterval=5}"
read -r -a join <<<"${JOIN-}"

# On a host: secrets come by standard input, since command lines are everybody's to read, and what was started
# ends when that input does, however the connection ends.
# shellcheck disable=SC2016
on_host='IFS= read -r SHOPBLAST_FLEET_SECRET && IFS= read -r SHOPBLAST_REDIS || exit 104
export SHOPBLAST_FLEET_SECRET SHOPBLAST_REDIS; exec 3<&0; "$@" </dev/null 3<&- & join=$!
{ cat; kill -TERM "$join"; } <&3 >/dev/null 2>&1 & watch=$!; exec 3<&-; wait "$join"; code=$?
kill "$watch" 2>/dev/null; exit "$code"'
# As one word for the shell of a host.
word() { printf "'%s'" "${1//\'/\'\\\'\'}"; }
remote="sh -c $(word "$on_host") sh"
for part in "${PROGRAM:-shopblast}" fleet join --run "$run" "${join[@]}"; do remote+=" $(word "$part")"; done

inputs=() connections=()
leave() {
  for input in "${inputs[@]}"; do exec {input}>&-; done
  wait "${connections[@]}" 2>/dev/null || true
}
trap leave EXIT
for host in "${hosts[@]}"; do
  exec {input}> >(exec "${ssh[@]}" -- "$host" "$remote")
  connections+=("$!") inputs+=("$input")
  printf '%s\n' "$secret" "$REDIS" >&"$input"
done
code=0
SHOPBLAST_FLEET_SECRET=$secret SHOPBLAST_REDIS=$REDIS \
  "${SHOPBLAST:-shopblast}" fleet run --shards "${#hosts[@]}" --run "$run" "$@" || code=$?
# The machines end by themselves, in seconds; leaving ends the rest.
for _ in $(seq 50); do
  left=no
  for connection in "${connections[@]}"; do kill -0 "$connection" 2>/dev/null && left=yes; done
  [ "$left" = no ] && break
  sleep 0.2
done
exit "$code"
