#!/usr/bin/env bash
# Is ShopStream better with 3+2+2+2+2 engines than with one each? Runs the same load against both in
# turns with `shopblast compare`, which brings each up, empties it before every run and tears it down.
# With --sandbox the embedded shop stands in for ShopStream, so that it can be tried anywhere.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'USAGE'
Usage: scripts/compare-scaling.sh --shopstream DIR [OPTIONS] [-- FLAGS OF THE RUNS]
       scripts/compare-scaling.sh --sandbox [OPTIONS] [-- FLAGS OF THE RUNS]

  --shopstream DIR  a checkout of ShopStream, driven with Docker Compose and its make
  --sandbox         `shopblast sandbox --engines …` instead
  --repetitions N   runs of each configuration               [default: 6]
  --output DIR      directory for records and comparison     [default: results/<time>-compare-…]
  --help            this text

Without flags the load profile runs, and up to 2 minutes of draining (with --sandbox: spike at 400/s for 5 s, and up to 30 s of draining). Environment variables:

  SHOPBLAST     binary to run                       [default: builds the release binary]
  API           address of the API                  [default: http://localhost:8000]
  OBSERVATORY   address of the Observatory          [default: http://localhost:9000]
  WAIT_SECONDS  how long to wait for the API        [default: 180]
  PORT          port of the embedded shop           [default: 8000; its Observatory has the next one]

Exits as shopblast compare does; 1 when something is missing, 2 when the command line is wrong.
USAGE
}

die() {
  echo "$1" >&2
  exit "${2:-1}"
}

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
me=$repository/scripts/compare-scaling.sh
api=${API:-http://localhost:8000}
observatory=${OBSERVATORY:-http://localhost:9000}
port=${PORT:-8000}
engines=(engine-identity engine-catalogue engine-ordering engine-inventory engine-payments)

compose() { docker compose --project-directory "$SHOPSTREAM" "$@"; }

# Waits until shopblast finds the shop at $1 (Observatory at $2) well.
wait_until_well() {
  local deadline=$((SECONDS + ${WAIT_SECONDS:-180}))
  until "$SHOPBLAST" doctor --host "$1" --observatory "$2" >/dev/null 2>&1; do
    [ "$SECONDS" -lt "$deadline" ] || die "the shop at $1 did not become well in ${WAIT_SECONDS:-180} s"
    sleep 0.2
  done
}

# ---- as the hook of a configuration: compare-scaling.sh hook (stack|sandbox) (one|scaled) (up|reset|down)
stack_up() {
  local scale=()
  if [ "$1" = scaled ]; then
    scale=(--scale engine-identity=3)
    for engine in "${engines[@]:1}"; do scale+=(--scale "$engine=2"); done
  fi
  make -C "$SHOPSTREAM" docker-up
  make -C "$SHOPSTREAM" setup-db
  compose up --detach "${scale[@]}" api "${engines[@]}"
  setsid make -C "$SHOPSTREAM" observatory >"$COMPARE_DIRECTORY/observatory.log" 2>&1 </dev/null &
  echo $! >"$COMPARE_DIRECTORY/observatory.pid"
  wait_until_well "$api" "$observatory"
}

stack_down() {
  end_group "$COMPARE_DIRECTORY/observatory.pid"
  compose down --remove-orphans
}

sandbox_up() {
  local counts=1
  [ "$1" = one ] || counts=identity=3,catalogue=2,ordering=2,inventory=2,payments=2
  setsid "$SHOPBLAST" sandbox --port "$port" --observatory-port "$((port + 1))" --observatory-names newer \
    --service-time exponential:0.5ms --engines "$counts" --drain-rate 100 \
    >"$COMPARE_DIRECTORY/sandbox.log" 2>&1 </dev/null &
  echo $! >"$COMPARE_DIRECTORY/sandbox.pid"
  wait_until_well "http://127.0.0.1:$port" "http://127.0.0.1:$((port + 1))"
}

# Ends the process group whose leader's id is in the file.
end_group() {
  [ -f "$1" ] || return 0
  local group
  group=$(cat "$1")
  rm -f "$1"
  kill -- "-$group" 2>/dev/null || return 0
  # Its ports have to be free for the next one.
  while kill -0 -- "-$group" 2>/dev/null; do sleep 0.05; done
}

hook() {
  case "$1 $3" in
    "stack up") stack_up "$2" ;;
    "stack reset") make -C "$SHOPSTREAM" truncate-db ;;
    "stack down") stack_down ;;
    "sandbox up") sandbox_up "$2" ;;
    # All that it stored is in its memory: a new one is an empty one.
    "sandbox reset") end_group "$COMPARE_DIRECTORY/sandbox.pid"; sandbox_up "$2" ;;
    "sandbox down") end_group "$COMPARE_DIRECTORY/sandbox.pid" ;;
    *) die "unknown duty: $*" 2 ;;
  esac
}

if [ "${1-}" = hook ]; then
  shift
  hook "$@"
  exit
fi

# ---- as the command
shop=
SHOPSTREAM=${SHOPSTREAM-}
repetitions=6
output=()
flags=()
while [ $# -gt 0 ]; do
  case "$1" in
    --sandbox) shop=sandbox ;;
    --shopstream)
      [ $# -ge 2 ] || die "--shopstream needs a directory; see --help" 2
      shop=stack
      SHOPSTREAM=$2
      shift
      ;;
    --repetitions)
      [ $# -ge 2 ] || die "--repetitions needs a number; see --help" 2
      repetitions=$2
      shift
      ;;
    --output)
      [ $# -ge 2 ] || die "--output needs a directory; see --help" 2
      output=(--output "$2")
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    --) shift; flags=("$@"); break ;;
    *) die "unknown argument: $1; see --help" 2 ;;
  esac
  shift
done
[ -n "$shop" ] || die "say which shop: --shopstream DIR, or --sandbox; see --help" 2

if [ "$shop" = stack ]; then
  for file in Makefile docker-compose.yml; do
    [ -f "$SHOPSTREAM/$file" ] || die "$SHOPSTREAM is no ShopStream checkout: it has no $file"
  done
  command -v make >/dev/null || die "make is missing; install it (Debian: apt-get install make)"
  docker compose version >/dev/null 2>&1 ||
    die "docker compose is missing; install Docker Engine with the Compose plugin, or try --sandbox"
  [ -z "$(compose ps --quiet 2>/dev/null)" ] ||
    die "the stack of $SHOPSTREAM is running already; stop it first: docker compose --project-directory $SHOPSTREAM down"
  [ "${#flags[@]}" -gt 0 ] || flags=(--profile load --drain-wait 2m)
  flags+=(--host "$api" --observatory "$observatory")
else
  [ "${#flags[@]}" -gt 0 ] || flags=(--profile spike --rate 400 -t 5s --drain-wait 30s)
  flags+=(--host "http://127.0.0.1:$port" --observatory "http://127.0.0.1:$((port + 1))")
fi

if [ -z "${SHOPBLAST-}" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml"
  SHOPBLAST=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
# For the hooks.
export SHOPBLAST SHOPSTREAM

exec "$SHOPBLAST" compare \
  --run "one-each=bash '$me' hook $shop one" \
  --run "scaled=bash '$me' hook $shop scaled" \
  --repetitions "$repetitions" "${output[@]}" -- "${flags[@]}"
