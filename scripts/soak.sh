#!/usr/bin/env bash
# Does anything grow that should not? Runs EventFloodUser and the profile endurance for half an hour, each from
# a web page of its own that Chromium reloads, with everything observed, and samples memory, descriptors,
# threads and disk of each process. Prints a report in Markdown; exits with 1 when anything is not flat.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/soak.sh [--help]

Needs python3, and a machine that leaves it CPUs. Chromium, Redis and PostgreSQL take part where they are
installed. Environment variables:

  SHOPBLAST    binary to try                            [default: builds the release binary]
  MINUTES      how long                                 [default: 30]
  SAMPLE       seconds between two samples              [default: 60]
  FLOOD_USERS  users of EventFloodUser                  [default: 50]
  PACING       how they wait: class or max              [default: class]
  RETAIN       things of each kind the sandboxes keep   [default: 2000]
  RELOAD       seconds between two reloads of a page    [default: 5]
  OUT          table of all samples, as CSV             [default: results/soak.csv]

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
export BINARY=$binary OUT=${OUT:-$repository/results/soak.csv}
exec python3 "$repository/scripts/soak/soak.py"
