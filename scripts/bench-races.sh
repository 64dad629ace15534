#!/usr/bin/env bash
# How close together the requests of a race are: as the generator sees it (from before the first was
# sent to when the kernel had taken the last) and as the server does (the embedded shop notes when
# each request has arrived in full, by the same clock). Beside it the same pair of requests one after
# the other, from two HTTP clients that start at a common signal, and from two curls. Prints a report
# in Markdown; exits with 1 when a bound is missed.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/bench-races.sh [--help]

Needs two CPUs that nothing else uses, python3, taskset and curl, and about a minute. Environment
variables:

  SHOPBLAST    binary to measure                  [default: builds the release binary]
  SECONDS_RUN  length of each run                 [default: 10]
  USERS        users of the audit                 [default: 16]
  CROWD        users of the flash sale            [default: 32]
  PAIRS        pairs of each of the other clients [default: 300]
  CLIENT_CPU   CPU of the generator               [default: the first that may be used]
  SERVER_CPU   CPU of the shop                    [default: the last that may be used]
  PORT         port of the shop                   [default: 18484]

Bounds, for the generator's own figures on one core: races of two p50 <= 20 us and p99 <= 200 us,
the crowd p50 <= 200 us. Load goes to 127.0.0.1 only.
USAGE
}

case "${1-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
read -ra allowed < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
client_cpu=${CLIENT_CPU:-${allowed[0]}}
server_cpu=${SERVER_CPU:-${allowed[-1]}}
port=${PORT:-18484}

binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi

work=$(mktemp -d)
server=
stop_shop() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    server=
  fi
}
trap 'stop_shop; rm -rf "$work"' EXIT

# A shop with four API workers that notes arrivals into the file of this name.
start_shop() {
  "$binary" sandbox --port "$port" --cores "$server_cpu-$server_cpu" --api-workers 4 \
    --no-observatory --arrival-log "$work/$1.arrivals" >"$work/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then return; fi
    sleep 0.05
  done
  cat "$work/server.log" >&2
  exit 1
}

# A run under this name, with these arguments.
run() {
  local name=$1
  shift
  start_shop "$name"
  "$binary" "$@" -H "http://127.0.0.1:$port" --pacing max -r 100000 -t "${SECONDS_RUN:-10}s" \
    --cores "$client_cpu-$client_cpu" --results "$work/$name" --quiet >"$work/run.log" || {
    cat "$work/run.log" "$work/server.log" >&2
    exit 1
  }
  stop_shop
}

pairs() {
  local name=$1
  start_shop "$name"
  taskset -c "$client_cpu" python3 "$repository/scripts/bench_races/fire_pairs.py" "$name" \
    "$port" "${PAIRS:-300}"
  stop_shop
}

run audit RaceAuditUser -u "${USERS:-16}"
run crowd FlashSaleUser -u "${CROWD:-32}"
run sequential RaceAuditUser -u "${USERS:-16}" --sequential-races
pairs clients
pairs curls
python3 "$repository/scripts/bench_races/report_spread.py" "$work" "${CROWD:-32}"
