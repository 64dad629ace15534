#!/usr/bin/env bash
# Measures how long the report of half an hour takes to make (in an unoptimised build: at most), and
# how soon it can be used in Chromium. Nothing else should run on the machine.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --locked --test browser -- --ignored --nocapture how_soon
