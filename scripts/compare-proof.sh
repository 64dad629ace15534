#!/usr/bin/env bash
# Shows what `shopblast compare` can tell, against embedded shops of known service time:
#  1. equal shops, 20 comparisons: how often is a difference claimed? At most once is allowed at 95 %.
#  2. service times 5 % apart: is it found with 10 runs a side?
# Service times are exponential, so that runs differ by themselves as real ones do.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'USAGE'
Usage: scripts/compare-proof.sh [equal|five-percent|all]

Environment variables:

  SHOPBLAST     binary to run                                    [default: builds the release binary]
  COMPARISONS   comparisons of equal shops                       [default: 20]
  ROUNDS        runs a side in each of them                      [default: 5]
  RUN_TIME      length of a run                                  [default: 300ms]
  RESULTS       directory for what is recorded                   [default: results/compare-proof]

Exits with 0 when both hold, 1 when one does not.
USAGE
}

part=${1:-all}
case "$part" in
  equal | five-percent | all) ;;
  --help | -h) usage; exit 0 ;;
  *) echo "unknown argument: $part; see --help" >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml"
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
comparisons=${COMPARISONS:-20}
rounds=${ROUNDS:-5}
run_time=${RUN_TIME:-300ms}
results=${RESULTS:-$repository/results/compare-proof}
if [ -e "$results" ]; then
  echo "$results is there already; remove it, or name another directory with RESULTS" >&2
  exit 2
fi
mkdir -p "$results"

load=(--profile spike --sandbox --servers 4 -u 16 -r 1000)
failed=0

# Value of a string field at the top of a pair: the JSON is indented, a pair's fields by six spaces.
field() { sed -n "s/^      \"$2\": \"\\(.*\\)\",\$/\\1/p" "$1" | head -n 1; }

# Compares two shops; sets `verdict`.
compare() {
  local output=$1 seed=$2 repetitions=$3 service_a=$4 service_b=$5 length=$6
  "$binary" compare --run A= --run B= --repetitions "$repetitions" --seed "$seed" --output "$output" \
    --flags "A=--service-time $service_a" --flags "B=--service-time $service_b" \
    -- "${load[@]}" -t "$length" >"$output.txt" 2>"$output.log" || {
    cat "$output.log" "$output.txt" >&2
    exit 1
  }
  verdict=$(field "$output/compare.json" verdict)
}

if [ "$part" != five-percent ]; then
  claims=0
  declare -A verdicts=()
  for ((number = 1; number <= comparisons; number++)); do
    compare "$results/equal-$number" "$number" "$rounds" exponential:1ms exponential:1ms "$run_time"
    verdicts[$verdict]=$((${verdicts[$verdict]:-0} + 1))
    case "$verdict" in better | worse | mixed) claims=$((claims + 1)) ;; esac
  done
  for verdict in "${!verdicts[@]}"; do
    echo "equal shops, $rounds runs a side: $verdict ${verdicts[$verdict]} of $comparisons"
  done
  echo "equal shops: a difference was claimed in $claims of $comparisons comparisons (1 is allowed)"
  [ "$claims" -le 1 ] || failed=1
fi

if [ "$part" != equal ]; then
  compare "$results/five-percent" 1 10 exponential:1ms exponential:1.05ms 1500ms
  cat "$results/five-percent.txt"
  echo "service time +5 %, 10 runs a side: $verdict"
  [ "$verdict" = worse ] || failed=1
fi
exit "$failed"
