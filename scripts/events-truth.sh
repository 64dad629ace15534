#!/usr/bin/env bash
# Holds what shopblast told of raised events against what the shop stored: runs every profile, shortened, at
# a running ShopStream, and compares the record's events with message-db and, if given, with the outboxes,
# type by type. Prints tables in Markdown; exits with 1 when anything is not as it was told.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/events-truth.sh HOST MESSAGE_DB_URL [DOMAIN=OUTBOX_URL]…

HOST is the shop's base address, and the URLs are those that the shop itself is told, for example

  scripts/events-truth.sh http://127.0.0.1:8000 "$MESSAGE_DB_URL" \
    identity="$DATABASE_URL" ordering="$ORDERING_DATABASE_URL"

All of them have to be on this machine. Nobody else may write to the shop meanwhile: everything that
was stored during a run is taken for the run's. With engines running, what they raise by themselves is
shown apart: a type that shopblast told nothing of, and what a type has more of.

  scripts/events-truth.sh latency

holds event latencies against the truth of the sandbox's pipeline, played into a PostgreSQL and a Redis of its
own: RATE events a second for SECONDS, ENGINES engines that do a tenth more than that, and stand still for REST
seconds in the middle [default: 100, 20, 1 and 0]. Prints the figures and what observing cost.

Needs python3 and psql. Environment variables:

  SHOPBLAST  binary to try                          [default: builds the release binary]
  PROFILES   which profiles, separated by spaces    [default: all]
  RUN_TIME   length of a run                        [default: 10s]
  USERS      users, at most 64                      [default: 6]
  FLAGS      further flags of shopblast, for example --sequential-races
  ENGINES    set to 1 when engines run: more stored than told is theirs then
  RESULTS    directory for what is recorded         [default: results/events-truth]
USAGE
}

case "${1-}" in
  -h | --help) usage; exit 0 ;;
esac
if [ "${1-}" = latency ]; then
  cd "$(dirname "${BASH_SOURCE[0]}")/.."
  exec cargo nextest run --locked --test stores --run-ignored only --no-capture event_latency_truth
fi
if [ $# -lt 2 ]; then
  usage >&2
  exit 2
fi

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
export BINARY=$binary RESULTS=${RESULTS:-$repository/results/events-truth}
exec python3 "$repository/scripts/events_truth/compare.py" "$@"
