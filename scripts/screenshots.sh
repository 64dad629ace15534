#!/usr/bin/env bash
# Takes the pictures of the pages that the documentation shows, into docs/. Needs Chromium; see `make setup`.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo test --locked --test browser -- --ignored --nocapture --test-threads 1 screenshots:: pictures::
ls -l docs/*.png
for picture in docs/*.png; do
  size=$(stat -c %s "$picture")
  if [ "$size" -gt 200000 ]; then
    echo "$picture has $size bytes: show less, 200000 is the most" >&2
    exit 1
  fi
done
