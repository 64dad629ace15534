#!/usr/bin/env bash
# Has axe-core look at every page, light and dark, on a desktop's screen and on a phone's.
# Installs axe-core, pinned, into the build directory (needs npm), and runs the tests that use it (they
# need Chromium; see `make setup`).
#
#   scripts/accessibility.sh            installs what is missing, and runs the tests
#   scripts/accessibility.sh --install  installs only
set -euo pipefail
cd "$(dirname "$0")/.."

version=4.14.1
place="$(bash scripts/target-dir.sh)/accessibility"
package="$place/node_modules/axe-core"

installed() { [ -f "$package/axe.min.js" ] && grep -q "\"version\": \"$version\"" "$package/package.json"; }

if ! installed; then
  command -v npm >/dev/null || { echo "npm is missing: apt-get install --no-install-recommends npm" >&2; exit 1; }
  mkdir -p "$place"
  npm install --prefix "$place" --no-save --ignore-scripts --no-audit --no-fund "axe-core@$version"
  installed || { echo "npm did not bring axe-core $version into $package" >&2; exit 1; }
fi
[ "${1:-}" = --install ] && exit 0
cargo test --locked --test browser -- accessib
