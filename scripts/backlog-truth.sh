#!/usr/bin/env bash
# Is the backlog that shopblast tells the one that there is? Runs shopblast against a running ShopStream
# and asks its databases with psql and its Redis with redis-cli at the same moments; prints both for ten
# moments under load, by domain, as a table in Markdown. Exits with 1 when a figure lies outside of what
# the stores held while it was read.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/backlog-truth.sh --redis URL --outbox DOMAIN=URL... [--moments N] [--csv FILE] -- RUN...

  --redis URL          the shop's Redis
  --outbox DOMAIN=URL  the database with a domain's outbox; once for each domain
  --moments N          moments to compare                  [default: 10]
  --csv FILE           where the rows go as well
  RUN                  the run: what is observed with, too, for example
                       -H http://127.0.0.1:8000 --profile load -t 40s --observatory http://127.0.0.1:9000

The run has to be told itself what to observe; --redis and --outbox before `--` are only for the truth.
SHOPBLAST is the binary [default: builds the release binary]. Needs python3, psql and redis-cli. All
addresses have to be on this machine; nothing is written to a store.
USAGE
}

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
compare=(python3 "$repository/scripts/backlog_truth/compare.py")
[ $# -gt 0 ] || { usage >&2; exit 2; }
case $1 in -h | --help) usage; exit 0 ;; esac
for program in python3 psql redis-cli; do
  command -v "$program" >/dev/null || { echo "$program is missing" >&2; exit 2; }
done
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
SHOPBLAST=$binary exec "${compare[@]}" "$@"
