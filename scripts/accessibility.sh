#!/usr/bin/env bash
# Looks at the web page with axe, the checker of accessibility. Needs Chromium (see `make setup`) and npm, which
# fetches axe-core into target/.
set -euo pipefail
cd "$(dirname "$0")/.."

place=${CARGO_TARGET_DIR:-target}/axe
mkdir -p "$place"
npm install --prefix "$place" --no-audit --no-fund --silent axe-core@4
AXE_CORE="$(realpath "$place")/node_modules/axe-core/axe.min.js" \
  cargo test --locked --test browser -- --nocapture accessibility::
