#!/usr/bin/env bash
# What whole journeys cost: MixedWorkloadUser and EventFloodUser beside SpikeUser, all at
# `--pacing max`, 64 users on one CPU, the embedded shop on another, in interleaved rounds. Prints a
# report in Markdown; exits with 1 when a class reaches less than BOUND of the spike's requests per
# CPU-second of the generator, in the median of the rounds' ratios. With BEFORE, another build, each class
# is measured with it, too, round by round, and has a bound of its own.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/bench-journeys.sh [--help]

Needs two CPUs that nothing else uses, and about three minutes. Environment variables:

  SHOPBLAST          binary to measure            [default: builds the release binary]
  CLASSES            user classes beside SpikeUser [default: MixedWorkloadUser EventFloodUser]
  ROUNDS             rounds                       [default: 9]
  SECONDS_PER_ROUND  length of a run              [default: 3]
  USERS              users, a connection each     [default: 64]
  BOUND              least ratio to SpikeUser     [default: 0.85]
  BEFORE             another binary, to measure the same classes with [default: none]
  BEFORE_BOUND       least ratio to the same class with it [default: 0.97]
  CLIENT_CPU         CPU of the generator         [default: the first that may be used]
  SERVER_CPU         CPU of the shop              [default: the last that may be used]
  GENERATION         five or today: of the shop, and so of the suite; today's MixedWorkloadUser waits for
                     what the shop's engines do, and is no measure of cost [default: five]
  PORT               port of the shop             [default: 18474]

Load goes to 127.0.0.1 only.
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
port=${PORT:-18474}
rounds=${ROUNDS:-9}
read -ra classes <<<"SpikeUser ${CLASSES-MixedWorkloadUser EventFloodUser}"
before=${BEFORE-}
if [ -n "$before" ]; then classes+=("${classes[@]/%/-before}"); fi

binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi

work=$(mktemp -d)
server=
clean_up() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$work"
}
trap clean_up EXIT

# Every run has a shop of its own, so that none finds the memory of another one filled.
run() {
  local class=$1 round=$2 measured=$binary
  if [[ $class == *-before ]]; then measured=$before; fi
  "$binary" sandbox --port "$port" --generation "${GENERATION:-five}" --cores "$server_cpu-$server_cpu" >"$work/server.log" 2>&1 &
  server=$!
  for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi
    sleep 0.05
  done
  "$measured" "${class%-before}" -H "http://127.0.0.1:$port" --pacing max -u "${USERS:-64}" -r 100000 \
    -t "${SECONDS_PER_ROUND:-3}s" --cores "$client_cpu-$client_cpu" \
    --results "$work/$class/$round" --quiet >"$work/run.log" || {
    cat "$work/run.log" "$work/server.log" >&2
    exit 1
  }
  kill "$server"
  wait "$server" 2>/dev/null || true
  server=
}

run SpikeUser warm-up
# Each round begins with another class, so that none always follows the same one.
for round in $(seq "$rounds"); do
  for turn in "${!classes[@]}"; do
    run "${classes[(turn + round) % ${#classes[@]}]}" "$round"
  done
done

python3 - "$work" "${BOUND:-0.85}" "${BEFORE_BOUND:-0.97}" "$rounds" "${classes[@]}" <<'PYTHON'
import json, pathlib, statistics, sys

work, bound, before_bound = pathlib.Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3])
rounds, classes = int(sys.argv[4]), sys.argv[5:]


def records(name):
    for round in range(1, rounds + 1):
        (path,) = (work / name / str(round)).glob("*/run.json")
        yield json.loads(path.read_text())


figures = {}
for name in classes:
    runs = list(records(name))
    costs = [run["generator"]["cpu_us_per_request"] for run in runs]
    figures[name] = {
        "rate": statistics.median(run["totals"]["requests_per_s"] for run in runs),
        "cost": statistics.median(costs),
        "costs": costs,
        "spread": (min(costs), max(costs)),
        "user": statistics.median(run["generator"]["cpu_user_us_per_request"] for run in runs),
        "failed": sum(run["totals"]["failed"] + run["totals"]["unknown"] for run in runs),
    }

print("| User class | req/s | CPU µs/request | spread | user µs | req per CPU-second × SpikeUser | failures |")
print("|---|---:|---:|---:|---:|---:|---:|")
missed, told = [], []
for name, of in figures.items():
    # Round by round: a machine that becomes slower between two rounds does so for both sides.
    ratio = statistics.median(spike / cost for spike, cost in zip(figures["SpikeUser"]["costs"], of["costs"]))
    low, high = of["spread"]
    print(f"| {name} | {of['rate']:,.0f} | {of['cost']:.2f} | {low:.2f}–{high:.2f} | {of['user']:.2f} | {ratio:.2f} | {of['failed']} |")
    if name.endswith("-before"):
        continue
    if name + "-before" in figures:
        pairs = zip(figures[name + "-before"]["costs"], of["costs"])
        beside = [before / now for before, now in pairs]
        now = statistics.median(beside)
        told.append(f"{name}: {now:.3f} of the requests per CPU-second before ({min(beside):.3f} to {max(beside):.3f})")
        if now < before_bound:
            missed.append(f"{name} reaches {now:.3f} of its requests per CPU-second before, less than {before_bound}")
    if ratio < bound:
        missed.append(f"{name} reaches {ratio:.2f} of SpikeUser's requests per CPU-second, less than {bound}")
    if of["failed"]:
        missed.append(f"{name} had {of['failed']} failures")
for line in told:
    print(f"\n{line}")
for miss in missed:
    print(f"\nMISSED: {miss}")
sys.exit(1 if missed else 0)
PYTHON
