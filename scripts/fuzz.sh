#!/usr/bin/env bash
# Runs fuzz targets one after the other: bash scripts/fuzz.sh [SECONDS [TARGET]...]
#
# SECONDS is for each target (30 by default), TARGET one of fuzz/fuzz_targets (all by default). With a
# nightly toolchain they run under the address sanitizer, without one they run without. What is found
# lies in fuzz/artifacts afterwards, and is a finding in every case: mend it, and keep the input in
# fuzz/seeds, which the ordinary tests run too.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-30}
shift || true
case $seconds in
'' | *[!0-9]*)
    echo "usage: bash scripts/fuzz.sh [SECONDS [TARGET]...]" >&2
    exit 2
    ;;
esac
all=()
for file in fuzz/fuzz_targets/*.rs; do
    all+=("$(basename "$file" .rs)")
done
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("${all[@]}")
for target in "${targets[@]}"; do
    if [ ! -f "fuzz/fuzz_targets/$target.rs" ]; then
        echo "there is no target $target; there are: ${all[*]}" >&2
        exit 2
    fi
done

cargo=${CARGO:-cargo}
if ! "$cargo" fuzz --version >/dev/null 2>&1; then
    echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked" >&2
    exit 1
fi
with=(fuzz run)
sanitizer=none
if "$cargo" +nightly --version >/dev/null 2>&1; then
    with=(+nightly fuzz run)
    sanitizer=address
fi

found=()
for target in "${targets[@]}"; do
    echo "fuzzing $target for $seconds s (sanitizer: $sanitizer)"
    mkdir -p "fuzz/corpus/$target"
    # Whatever a target's own room is, no single allocation may be larger than 256 MiB.
    "$cargo" "${with[@]}" --sanitizer "$sanitizer" "$target" \
        "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="$seconds" -max_len=20000 -timeout=10 \
        -rss_limit_mb=1024 -malloc_limit_mb=256 || found+=("$target")
done
if [ ${#found[@]} -gt 0 ]; then
    echo "findings: ${found[*]}; their inputs are in fuzz/artifacts" >&2
    exit 1
fi
echo "nothing was found in ${#targets[@]} targets"
