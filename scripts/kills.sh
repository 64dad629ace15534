#!/usr/bin/env bash
# What is left when shopblast is killed? Starts runs, hunts, comparisons and load tests of the web page against
# shops with planted faults, kills each at a random moment, and has every record reported again: none
# may fail, no violation of a ledger be missing, no figure be older than the last second, nothing run on.
# Prints a report in Markdown; exits with 1 when anything is not as it must be.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/kills.sh [--help]

Needs python3 and about 30 minutes. Environment variables:

  SHOPBLAST  binary to try                                          [default: builds the release binary]
  KILLS      how many                                               [default: 200]
  LONGEST    seconds of a record until the latest kill              [default: 8]
  SEED       of the moments                                         [default: made up, and told]
  GRACE      seconds that a busy machine may need to write a second [default: 1]
  KEEP       directory for the records that were not as they must be [default: they go]

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
exec python3 "$repository/scripts/kills/kill.py"
