#!/usr/bin/env bash
# Does a hunt find what is there? Against embedded shops of known capacity: stations of one and more
# servers with constant and exponential service times, whose saturation rate and response p99 queueing
# theory gives exactly, at a thousand requests a second and at a few; a pipeline that is slower than the interface before it; a shop that dies at a
# given load. Prints a report in Markdown; exits with 1 when anything is not as it must be.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/hunt-proof.sh [--help]

Needs python3, a quiet machine and about 90 minutes. Environment variables:

  SHOPBLAST  binary to try                           [default: builds the release binary]
  SHOPS      how many of the six stations            [default: 6]
  WINDOW     window of a station's probes in seconds [default: 10]
  PARTS      which parts: stations, pipeline, falling, low [default: all four]
  RATES      capacities of the part low, in requests a second [default: 3 10 30]
  PARALLEL   hunts of the part low at once: they hardly use a CPU [default: 6]
  REQUESTS   requests at the capacity in a longest window of the part low [default: 720]

Load goes to 127.0.0.1 only.
USAGE
}

case "${1-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
export BINARY=$binary
exec python3 "$repository/scripts/hunt_proof/prove.py"
