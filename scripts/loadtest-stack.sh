#!/usr/bin/env bash
# Drives a ShopStream checkout with Docker Compose (infrastructure, databases, API, engines,
# Observatory), waits until `shopblast doctor` finds it well, runs shopblast against it, and stops
# everything that it started: at the end, on a failure and on Ctrl-C.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'USAGE'
Usage: scripts/loadtest-stack.sh [--scaled] [--dry-run] --shopstream DIR [-- SHOPBLAST ARGUMENTS]

  --shopstream DIR  a checkout of ShopStream
  --scaled          3 identity engines and 2 of each other domain, instead of 1 each
  --dry-run         print the commands instead of running them
  --help            this text

Without arguments after --, the load profile runs: --profile load. The databases are emptied first.
Environment variables:

  SHOPBLAST     binary to run                       [default: builds the release binary]
  API           address of the API                  [default: http://localhost:8000]
  OBSERVATORY   address of the Observatory          [default: http://localhost:9000]
  WAIT_SECONDS  how long to wait for the API        [default: 180]

Exits with shopblast's exit code; 1 when Docker, make or the checkout is missing or the stack does
not come up, 2 when the command line is wrong.
USAGE
}

die() {
  echo "$1" >&2
  exit "${2:-1}"
}

scaled=0
dry_run=0
shopstream=
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --scaled) scaled=1 ;;
    --dry-run) dry_run=1 ;;
    --shopstream)
      [ $# -ge 2 ] || die "--shopstream needs a directory; see --help" 2
      shopstream=$2
      shift
      ;;
    --shopstream=*) shopstream=${1#*=} ;;
    --help | -h) usage; exit 0 ;;
    --) shift; arguments=("$@"); break ;;
    *) die "unknown argument: $1; see --help" 2 ;;
  esac
  shift
done
[ -n "$shopstream" ] || die "name the ShopStream checkout: --shopstream DIR; see --help" 2
[ "${#arguments[@]}" -gt 0 ] || arguments=(--profile load)

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
api=${API:-http://localhost:8000}
observatory=${OBSERVATORY:-http://localhost:9000}

[ -d "$shopstream" ] || die "there is no directory $shopstream; clone ShopStream there, or name its checkout with --shopstream DIR"
for file in Makefile docker-compose.yml; do
  [ -f "$shopstream/$file" ] || die "$shopstream is no ShopStream checkout: it has no $file"
done
command -v make >/dev/null || die "make is missing; install it (Debian: apt-get install make)"
command -v docker >/dev/null ||
  die "docker is missing; install Docker Engine with the Compose plugin, or run ShopStream yourself and shopblast with --host"
docker compose version >/dev/null 2>&1 ||
  die "docker compose is missing; install the Compose plugin (Debian: apt-get install docker-compose-plugin)"

run() {
  if [ "$dry_run" -eq 1 ]; then
    echo "+ $*"
  else
    "$@"
  fi
}

compose() { run docker compose --project-directory "$shopstream" "$@"; }

engines=(engine-identity engine-catalogue engine-ordering engine-inventory engine-payments)
scale=()
if [ "$scaled" -eq 1 ]; then
  scale=(--scale engine-identity=3)
  for engine in "${engines[@]:1}"; do scale+=(--scale "$engine=2"); done
fi

observatory_pid=
started=0
# Only what this script started is stopped; what ran before is left as it was.
clean_up() {
  trap - EXIT INT TERM
  if [ -n "$observatory_pid" ]; then
    kill -- "-$observatory_pid" 2>/dev/null || true
    wait "$observatory_pid" 2>/dev/null || true
  fi
  if [ "$started" -eq 1 ]; then
    echo "stopping the stack" >&2
    compose down --remove-orphans || true
  fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  run cargo build --release --locked --manifest-path "$repository/Cargo.toml"
  binary=${CARGO_TARGET_DIR:-$repository/target}/release/shopblast
fi

if [ "$dry_run" -eq 0 ] && [ -n "$(docker compose --project-directory "$shopstream" ps --quiet 2>/dev/null)" ]; then
  die "the stack of $shopstream is running already; stop it first: docker compose --project-directory $shopstream down"
fi
started=1
run make -C "$shopstream" docker-up
run make -C "$shopstream" setup-db
run make -C "$shopstream" truncate-db
compose up --detach "${scale[@]}" api "${engines[@]}"
if [ "$dry_run" -eq 1 ]; then
  echo "+ make -C $shopstream observatory &"
else
  # A process group of its own, so that it ends as a whole, and not by Ctrl-C before the load does.
  setsid make -C "$shopstream" observatory >"$repository/results/observatory.log" 2>&1 &
  observatory_pid=$!
fi

wait_until_well() {
  local deadline=$((SECONDS + ${WAIT_SECONDS:-180}))
  until "$binary" doctor --host "$api" --observatory "$observatory" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || {
      "$binary" doctor --host "$api" --observatory "$observatory" >&2 || true
      die "the API at $api did not become well in ${WAIT_SECONDS:-180} s; see docker compose logs"
    }
    sleep 2
  done
}
if [ "$dry_run" -eq 1 ]; then
  echo "+ $binary doctor --host $api --observatory $observatory"
else
  wait_until_well
  "$binary" doctor --host "$api" --observatory "$observatory"
fi

# Ctrl-C reaches shopblast, too: it saves its record and ends; then the stack is stopped.
trap ':' INT
code=0
run "$binary" "${arguments[@]}" --host "$api" || code=$?
exit "$code"
