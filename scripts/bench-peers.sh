#!/usr/bin/env bash
# Compares shopblast with other load generators, and with the floor of its own design (benches/floor),
# against the cheapest server there is, `shopblast sandbox --fixed`: the server on one CPU, one client at
# a time on another, in interleaved rounds. Prints a report in Markdown, keeps it and the rounds' figures
# in results/, exits with 1 when a bound is missed.
# How to read it: benches/README.md. The options are in `usage` below.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/bench-peers.sh [--help]

Measures for about twenty minutes, and needs two CPUs that nothing else uses. Environment variables:

  SHOPBLAST          binary to measure            [default: builds the release binary]
  FLOOR              the floor's binary           [default: builds it]
  GCANNON            gcannon's binary             [default: gcannon on PATH]
  PARTS              any of: rate more memory lag tls http2 [default: all of them; lag needs rate]
  PEERS              any of: floor gcannon wrk wrk-lua oha h2load [default: all]
  SERVERS            any of: nginx sandbox, of the parts tls and http2 [default: both]
  ROUNDS             rounds at CONNECTIONS        [default: 5]
  SECONDS_PER_ROUND  length of a round            [default: 5]
  CONNECTIONS        connections of all clients   [default: 64]
  RETRIES            times that turns are taken again when the machine changed its state [default: 2]
  MORE_CONNECTIONS   further counts: floor, gcannon, wrk, shopblast [default: 1024 4096]
  MORE_ROUNDS        rounds at those, and of handshakes [default: 3]
  HTTP2              connections and streams of each, of the part http2 [default: 8x8 64x1]
  MEMORY_USERS       users of the memory run      [default: 9000]
  LONG               1: a second memory run of 300 s [default: 0]
  LAG_ROUNDS         rounds of the send-lag run   [default: 5]
  LAG_RATE           its requests a second        [default: half of shopblast's median rate]
  CLIENT_CPU         CPU of the clients           [default: the first that may be used]
  SERVER_CPU         CPU of the server            [default: the last that may be used]
  WIRES              any of: h2c h2, of the part http2: without TLS, with it [default: both]
  PORT               port of the server, the first of seven [default: 18473]
  RESULTS            directory of the report      [default: results]
  INSTALL            0: install no peer, skip those that are missing [default: 1]
  OHA_VERSION        version of oha to install    [default: 1.16.0]

Peers that are missing are installed: wrk, h2load and nginx with apt-get when root, oha with cargo into the
target directory; gcannon (https://github.com/MDA2AV/gcannon, built with a recent liburing) only by hand.
Load goes to 127.0.0.1 only.

What a request costs beside the floor alone, in about three minutes:

  PARTS="rate more" PEERS="floor gcannon wrk" ROUNDS=3 SECONDS_PER_ROUND=3 scripts/bench-peers.sh
USAGE
}

case "${1-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
parts_dir=$repository/scripts/bench_peers
target_dir=$(bash "$repository/scripts/target-dir.sh")
tools_dir=$target_dir/bench-peers

parts=${PARTS-rate more memory lag tls http2}
peers=${PEERS-floor gcannon wrk wrk-lua oha h2load}
rounds=${ROUNDS:-5}
seconds=${SECONDS_PER_ROUND:-5}
retries=${RETRIES:-2}
connections=${CONNECTIONS:-64}
more_connections=${MORE_CONNECTIONS-1024 4096}
more_rounds=${MORE_ROUNDS:-3}
servers=${SERVERS-nginx sandbox}
http2_wires=${WIRES-h2c h2}
http2_shapes=${HTTP2-8x8 64x1}
memory_users=${MEMORY_USERS:-9000}
long=${LONG:-0}
lag_rounds=${LAG_ROUNDS:-5}
lag_rate=${LAG_RATE-}
port=${PORT:-18473}
results=${RESULTS:-$repository/results}
install=${INSTALL:-1}
oha_version=${OHA_VERSION:-1.16.0}

# shopblast would take these for flags.
unset "${!SHOPBLAST_@}" "${!LOCUST_@}"

authority=127.0.0.1:$port
url=http://$authority
server_pid=
child_pid=
measure_more=()
floor=
work=

# shellcheck source=scripts/bench_peers/secure_rounds.sh
source "$parts_dir/secure_rounds.sh"

say() { echo "$*" >&2; }
die() { say "error: $*"; exit 2; }
chosen() { [[ " $1 " == *" $2 "* ]]; }

# Ends what was started here, and nothing else.
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
  local pid
  for pid in $child_pid $server_pid ${secure_pids[@]+"${secure_pids[@]}"}; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  [[ -z $work ]] || rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# In the background, so that a signal is acted upon at once.
watched() {
  local status=0
  "$@" &
  child_pid=$!
  wait "$child_pid" || status=$?
  child_pid=
  return "$status"
}

choose_cpus() {
  local allowed
  read -ra allowed < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
  client_cpu=${CLIENT_CPU:-${allowed[0]}}
  server_cpu=${SERVER_CPU:-${allowed[-1]}}
  [[ $client_cpu != "$server_cpu" ]] || die "client and server need a CPU each, but both would be on CPU $client_cpu"
}

# Sockets of the largest run, for the clients and the server alike.
raise_descriptor_limit() {
  local count most=$memory_users
  for count in $connections $more_connections; do
    ((count <= most)) || most=$count
  done
  local wanted=$((most + 512)) now
  now=$(ulimit -Sn)
  [[ $now == unlimited ]] || ((now >= wanted)) || ulimit -n "$wanted" 2>/dev/null ||
    die "$wanted open files are needed and $(ulimit -Hn) allowed; raise the limit, or lower MORE_CONNECTIONS and MEMORY_USERS"
}

find_shopblast() {
  if [[ -n ${SHOPBLAST-} ]]; then
    shopblast=$(realpath "$SHOPBLAST")
  else
    say "building the release binary"
    watched cargo build --release --locked --quiet --manifest-path "$repository/Cargo.toml" --target-dir "$target_dir"
    shopblast=$target_dir/release/shopblast
  fi
  [[ -x $shopblast ]] || die "$shopblast is not there, or cannot be run"
}

find_floor() {
  if [[ -n ${FLOOR-} ]]; then
    floor=$(realpath "$FLOOR")
  else
    command -v cargo >/dev/null || return 1
    say "building the floor"
    watched cargo build --release --locked --quiet --example floor --manifest-path "$repository/Cargo.toml" \
      --target-dir "$target_dir" || die "the floor cannot be built"
    floor=$target_dir/release/examples/floor
  fi
  [[ -x $floor ]] || die "$floor is not there, or cannot be run"
}

find_gcannon() {
  if [[ -n ${GCANNON-} ]]; then
    gcannon=$(realpath "$GCANNON")
    [[ -x $gcannon ]] || die "GCANNON: $gcannon is not there, or cannot be run"
  else
    gcannon=$(command -v gcannon)
  fi
}

# A Debian package that has the command, when it is missing and we may install it.
install_package() {
  local command=$1 package=$2
  command -v "$command" >/dev/null && return
  [[ $install == 1 && $(id -u) == 0 ]] && command -v apt-get >/dev/null || return 1
  say "installing $package"
  apt-get install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
    { apt-get update && apt-get install -y --no-install-recommends "$package"; } >/dev/null 2>&1
}

install_oha() {
  PATH=$tools_dir/bin:$PATH
  command -v oha >/dev/null && return
  [[ $install == 1 ]] && command -v cargo >/dev/null || return 1
  say "building oha $oha_version"
  watched cargo install oha --version "$oha_version" --locked --quiet \
    --root "$tools_dir" --target-dir "$tools_dir/build"
}

# Leaves the peers that are there in `clients`, after shopblast.
find_peers() {
  clients=(shopblast)
  local peer there
  for peer in $peers; do
    there=yes
    case $peer in
      wrk | wrk-lua) install_package wrk wrk || there=no ;;
      h2load) install_package h2load nghttp2-client || there=no ;;
      oha) install_oha || there=no ;;
      floor) find_floor || there=no ;;
      gcannon) find_gcannon || there=no ;;
      *) die "PEERS: \`$peer\` is none of floor, gcannon, wrk, wrk-lua, oha, h2load" ;;
    esac
    if [[ $there == yes ]]; then clients+=("$peer"); else say "note: $peer is not installed and is skipped"; fi
  done
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }

start_server() {
  ! port_answers || die "something listens on port $port already; set PORT"
  taskset -c "$server_cpu" "$shopblast" sandbox --fixed --port "$port" --cores 1 >"$work/server.out" 2>&1 &
  server_pid=$!
  local tries=0
  until port_answers; do
    kill -0 "$server_pid" 2>/dev/null || die "the server ended: $(<"$work/server.out")"
    ((++tries < 100)) || die "the server does not listen on port $port after 10 s"
    sleep 0.1
  done
}

# command_of CLIENT CONNECTIONS SECONDS: leaves the client's command in `command`.
command_of() {
  local client=$1 count=$2 seconds=$3
  local pinned=(taskset -c "$client_cpu")
  case $client in
    shopblast)
      command=("${pinned[@]}" "$shopblast" --profile spike -H "$url" --no-preflight -u "$count" -r 1000000 -t "${seconds}s"
        --pacing max --cores "$client_cpu," --stop-timeout 1s --quiet --results @RESULTS@) ;;
    floor) command=("${pinned[@]}" "$floor" "$authority" "$count" "$seconds") ;;
    gcannon)
      # It keeps a history in HOME.
      command=("${pinned[@]}" env HOME="$work" "$gcannon" "$url" --raw "$work/request.raw" -s 201 -t 1 -c "$count"
        -d "${seconds}s" --json) ;;
    wrk)
      command=("${pinned[@]}" wrk -t 1 -c "$count" -d "${seconds}s" -s "$parts_dir/wrk_static.lua"
        "$url/customers" -- "$work/body.json") ;;
    wrk-lua)
      command=("${pinned[@]}" wrk -t 1 -c "$count" -d "${seconds}s" -s "$parts_dir/wrk_dynamic.lua"
        "$url/customers" -- "$work/body.json") ;;
    oha)
      command=("${pinned[@]}" oha --worker-threads 1 --no-tui --output-format json --redirect 0 --disable-compression
        -z "${seconds}s" -c "$count" -m POST -T application/json -D "$work/body.json" "$url/customers") ;;
    h2load)
      command=("${pinned[@]}" h2load --h1 -t 1 -c "$count" -D "$seconds" -d "$work/body.json"
        -H "content-type: application/json" "$url/customers") ;;
  esac
}

# measure PART CLIENT CONNECTIONS ROUND: runs `command`.
measure() {
  watched python3 "$parts_dir/measure_round.py" --samples "$work/samples.jsonl" --part "$1" --client "$2" \
    --connections "$3" --round "$4" --seconds "$seconds" --server-pid "$server_pid" --server-cpu "$server_cpu" \
    --client-cpu "$client_cpu" ${floor:+--distance "$floor"} --work "$work" "${measure_more[@]}" -- "${command[@]}" || die "this round cannot be used"
  sleep 0.3
}

# Wakes the machine up, and tells how large shopblast's requests are.
warm_up() {
  command_of shopblast "$connections" 2
  watched "${command[@]//@RESULTS@/$work/warm-up}" >"$work/warm-up.out" 2>&1 ||
    die "shopblast failed in the warm-up: $(<"$work/warm-up.out")"
  read -r wire_bytes body_bytes < <(
    python3 "$parts_dir/write_body.py" "$work"/warm-up/*/run.json "$authority" "$work/body.json" "$work/request.raw"
  )
  [[ -n ${body_bytes-} ]] || die "the size of shopblast's requests is unknown"
}

# rate_rounds ROUNDS CONNECTIONS CLIENT...: a round has each client once; each round begins with
# another one, so that none always follows the same. Only turns of one state of the machine are compared:
# those that were in another than the last are taken again.
rate_rounds() {
  local total=$1 count=$2 round turn client state last pass
  local -A state_of
  shift 2
  for ((round = 1; round <= total; round++)); do
    state_of=()
    last=none
    for ((pass = 0; pass <= retries; pass++)); do
      for ((turn = 0; turn < $#; turn++)); do
        local at=$(((round - 1 + turn) % $# + 1))
        client=${!at}
        [[ ${state_of[$client]-} != "$last" ]] || continue
        command_of "$client" "$count" "$seconds"
        measure rate "$client" "$count" "$round"
        state=$(<"$work/state")
        state_of[$client]=$state
        [[ $state == moved || $state == disturbed ]] || last=$state
      done
    done
  done
}

more_rate_rounds() {
  local count client some=()
  for client in "${clients[@]}"; do
    if [[ " shopblast floor gcannon wrk " == *" $client "* ]]; then some+=("$client"); fi
  done
  for count in $more_connections; do
    rate_rounds "$more_rounds" "$count" "${some[@]}"
  done
}

memory_run() {
  local memory_users=$1 length=$2
  command=(taskset -c "$client_cpu" "$shopblast" --profile spike -H "$url" --no-preflight -u "$memory_users" -r "$memory_users"
    -t "${length}s" --pacing class --cores "$client_cpu," --stop-timeout 1s --quiet --results @RESULTS@)
  watched python3 "$parts_dir/watch_memory.py" --samples "$work/samples.jsonl" --users "$memory_users" \
    --seconds "$length" --work "$work" -- "${command[@]}" || die "the memory run cannot be used"
}

lag_run() {
  local round
  if [[ -z $lag_rate ]]; then
    lag_rate=$(python3 - "$work/samples.jsonl" "$connections" <<'PYTHON'
import json, statistics, sys
rows = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
rates = [row["requests_per_s"] for row in rows if row["part"] == "rate" and row["client"] == "shopblast"
         and row["connections"] == int(sys.argv[2])]
print(round(statistics.median(rates) / 2))
PYTHON
    )
  fi
  command=(taskset -c "$client_cpu" "$shopblast" --profile spike -H "$url" --no-preflight --rate "$lag_rate"
    --max-users "$connections" -t "${seconds}s" --pacing max --cores "$client_cpu," --stop-timeout 1s --quiet
    --results @RESULTS@)
  for ((round = 1; round <= lag_rounds; round++)); do
    measure lag shopblast "$connections" "$round"
  done
}

# It tells its version in what it reports only.
gcannon_version() {
  python3 - "$work/samples.jsonl" <<'PYTHON'
import json, sys
rows = (json.loads(line) for line in open(sys.argv[1], encoding="utf-8"))
print(next((row["version"] for row in rows if "version" in row), "of unknown version"))
PYTHON
}

versions() {
  local list
  list="shopblast $(git -C "$repository" describe --always --dirty 2>/dev/null || "$shopblast" --version)"
  if chosen "${clients[*]}" wrk || chosen "${clients[*]}" wrk-lua; then
    list+=", $({ wrk --version || true; } 2>&1 | sed -n '1s/^\(wrk [^ ]*\).*/\1/p')"
  fi
  if chosen "${clients[*]}" gcannon; then list+=", gcannon $(gcannon_version)"; fi
  if chosen "${clients[*]}" oha; then list+=", $(oha --version)"; fi
  if chosen "${clients[*]}" h2load; then list+=", $(h2load --version)"; fi
  echo "$list"
}

write_facts() {
  local virtual
  virtual=$(grep -qw hypervisor /proc/cpuinfo && echo "a virtual machine" || echo "no virtual machine")
  python3 - "$work/facts.json" \
    cpu "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" cpus "$(nproc --all)" \
    kernel "$(uname -r)" virtual "$virtual" client_cpu "$client_cpu" server_cpu "$server_cpu" \
    vendor "$(sed -n 's/^vendor_id[^:]*: //p' /proc/cpuinfo | head -n 1)" \
    congestion "$(cat /proc/sys/net/ipv4/tcp_congestion_control)" \
    server "taskset -c $server_cpu shopblast sandbox --fixed --port $port --cores 1" \
    date "$(date -u +%Y-%m-%d)" versions "$(versions)" wire_bytes "$wire_bytes" body_bytes "$body_bytes" \
    seconds "$seconds" connections "$connections" <<'PYTHON'
import json, sys
words = sys.argv[2:]
with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(dict(zip(words[::2], words[1::2])), file)
PYTHON
}

chosen "$parts" lag && ! chosen "$parts" rate && [[ -z $lag_rate ]] &&
  die "PARTS: lag needs rate, or LAG_RATE"
for part in $parts; do
  chosen "rate more memory lag tls http2" "$part" ||
    die "PARTS: \`$part\` is none of rate, more, memory, lag, tls, http2"
done

work=$(mktemp -d)
choose_cpus
raise_descriptor_limit
find_shopblast
find_peers
start_server
warm_up
if chosen "$parts" rate; then rate_rounds "$rounds" "$connections" "${clients[@]}"; fi
if chosen "$parts" more; then more_rate_rounds; fi
if chosen "$parts" memory; then
  memory_run 10 10
  memory_run "$memory_users" 30
  [[ $long != 1 ]] || memory_run "$memory_users" 300
fi
if chosen "$parts" lag; then lag_run; fi
if chosen "$parts" tls || chosen "$parts" http2; then secure_parts; fi

write_facts
report=$results/bench-peers-$(date -u +%Y-%m-%d).md
mkdir -p "$results"
cp "$work/samples.jsonl" "${report%.md}.jsonl"
missed=0
python3 "$parts_dir/write_report.py" "$work/samples.jsonl" "$work/facts.json" >"$report" || missed=$?
cat "$report"
say "report: $report"
exit "$missed"
