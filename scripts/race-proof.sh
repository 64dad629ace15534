#!/usr/bin/env bash
# Does the ledger find what is broken, and only that? Against the embedded shop with four API workers:
# an audit of a sound shop; every planted fault over many seeds, each of which has to be found as the
# violation of its rule, with no other rule violated; and an audit in which replies are lost, which may
# accuse nobody. Prints a report in Markdown; exits with 1 when anything is not as it must be.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/race-proof.sh [--help]

Needs python3 and about a quarter of an hour. Environment variables:

  SHOPBLAST     binary to try                     [default: builds the release binary]
  SEEDS         runs of each fault                [default: 20]
  PROBABILITY   how likely a fault strikes        [default: 0.01]
  SECONDS_BUG   length of a run with a fault      [default: 5]
  SECONDS_AUDIT length of the sound shop's audit  [default: 50]
  LEAST_RACES   races that it must have           [default: 100000]
  SECONDS_CHAOS length of the one with losses     [default: 60]
  PARTS         which parts: audit, bugs, chaos   [default: all three];
                todays: faults of today's contexts, and a sound shop

Load goes to 127.0.0.1 only. Races with lost replies came at 9,100 a second on a virtual machine with
2 CPUs: for 10 million of them give SECONDS_CHAOS=1200 PARTS=chaos.
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
exec python3 "$repository/scripts/race_proof/prove.py"
