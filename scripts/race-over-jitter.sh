#!/usr/bin/env bash
# How far a link with jitter parts the requests of a race: ten users who are let go together, and the eleven
# requests of one user's race. Last-byte release over HTTP/1.1, plain and over TLS, beside the single packet over
# HTTP/2, plain and over TLS; seen by the generator and by the shop, which notes when each request has arrived in
# full, by the same clock. Prints a report in Markdown; exits with 1 when the bound is missed.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/race-over-jitter.sh [--help]

Makes two network namespaces and a link between them, and takes them away again: needs root, ip (iproute2),
python3 and openssl, and about five minutes. The jitter is `tc netem`'s where the kernel has it; otherwise a
program of its own carries the frames, each after a time drawn for it alone. Environment variables:

  SHOPBLAST    binary to measure                      [default: builds the release binary]
  WAYS         any of: h1 h1-tls h2 h2-tls            [default: all four]
  SECONDS_RUN  length of each run                     [default: 30]
  DELAY_MS     delay of the link, each way            [default: 20]
  JITTER_MS    how much a frame may deviate from it   [default: 5]
  NORMAL       1: deviations are normally distributed [default: 0, uniformly]
  LINK         netem or program                       [default: netem where the kernel has it]
  CROWD        users of the flash sale                [default: 10]
  USERS        users of the audit                     [default: 8]
  PORT         port of the shop, in its namespace     [default: 21580]

Bound: over HTTP/2 the p99 of what parts ten racers at the shop is at most 100 us. Load stays on this machine.
USAGE
}

case "${1-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "only root may make network namespaces: run it as root" >&2; exit 2; }
for tool in ip python3 openssl; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; install it (Debian: apt-get install iproute2 python3 openssl)" >&2; exit 2; }
done
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
unset "${!SHOPBLAST_@}" "${!LOCUST_@}"
export BINARY=$binary
exec python3 "$repository/scripts/race_over_jitter/measure.py"
