#!/usr/bin/env bash
# Does it add up? One machine of one core against one target, then one on each CPU, each against a target of its
# own: a fleet of N machines that share nothing sends N times what one does. The usage is below.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'TEXT'
Usage: scripts/fleet-adds-up.sh [--help]

Starts, on each of this machine's CPUs, `shopblast sandbox --fixed` and one shard of a run (`--shard I/N`), both on
that CPU alone: as far as the machine allows, machines that share nothing. Prints, for 1 to N of them at once, what
they sent together, and how that compares with what they sent alone. Do nothing else on the machine meanwhile.

Environment variables:

  SHOPBLAST    binary to measure              [default: builds the release binary]
  CPUS         CPUs, by their numbers         [default: all of this process's]
  SECONDS_RUN  length of a run                [default: 5]
  ROUNDS       runs of each; the median counts [default: 5]
  PORT         first port                     [default: 23300]
TEXT
}

case ${1:-} in
  '') ;;
  --help | -h) usage && exit 0 ;;
  *) echo "unknown argument: $1; see scripts/fleet-adds-up.sh --help" >&2 && exit 2 ;;
esac
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
command -v python3 >/dev/null || { echo "python3 is missing" >&2; exit 2; }
if [ -z "${SHOPBLAST-}" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  SHOPBLAST=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
unset "${!LOCUST_@}"
export SHOPBLAST
exec python3 "$repository/scripts/fleet_adds_up/measure.py"
