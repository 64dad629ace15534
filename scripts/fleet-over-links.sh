#!/usr/bin/env bash
# One run of hosts in network namespaces of their own: behind links of 1 ms and 20 ms, with frames that are lost,
# with a clock that is 3 s ahead, and with a link that is cut for 10 s. The merged record is held to what the
# target counted, to the last request. Prints a table in Markdown; exits with 1 when a case ends otherwise.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/fleet-over-links.sh [--help]

Makes network namespaces and takes them away again: needs root, ip (iproute2), unshare (util-linux), python3 and
redis-server, and about two minutes. Frames are carried by a program of its own: no kernel has to have netem.
Environment variables:

  SHOPBLAST      binary to run                     [default: builds the release binary]
  ONLY           cases to try, apart by ;          [default: all]
  RATE_PER_HOST  arrivals a second of each host    [default: 50]
  SECONDS_RUN    length of a run                   [default: 5]

Load stays on this machine.
USAGE
}

case "${1-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
[ "$(id -u)" = 0 ] || { echo "only root may make network namespaces: run it as root" >&2; exit 2; }
for tool in ip unshare python3 redis-server; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; install it (Debian: apt-get install iproute2 util-linux python3 redis-server)" >&2; exit 2; }
done
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
unset "${!SHOPBLAST_@}" "${!LOCUST_@}"
export BINARY=$binary
exec python3 "$repository/scripts/fleet_over_links/measure.py"
