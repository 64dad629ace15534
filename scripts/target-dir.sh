#!/usr/bin/env bash
# Prints where cargo builds for this machine: by its variables, its configuration files, or `target`.
# The Makefile and the scripts ask here, so that they find what was built. The usage is below.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: scripts/target-dir.sh [--help]

Prints the directory that has release/shopblast after `make release`: CARGO_TARGET_DIR,
CARGO_BUILD_TARGET_DIR, `target-dir` of a configuration file of cargo (each as cargo itself reads
it), else target/ of this directory; and in it the directory of CARGO_BUILD_TARGET, if that is set.

Variables: CARGO (the cargo to ask), and cargo's own.
TEXT
}

case ${1:-} in
  '') ;;
  --help | -h) usage && exit 0 ;;
  *) echo "unknown argument: $1; see scripts/target-dir.sh --help" >&2 && exit 2 ;;
esac

# Cargo says it itself. Where there is none (root, at `make install`), its variables do.
told=$("${CARGO:-cargo}" metadata --no-deps --offline --format-version 1 2>/dev/null || true)
directory=$(sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p' <<<"$told")
[ -n "$directory" ] || directory=${CARGO_TARGET_DIR:-${CARGO_BUILD_TARGET_DIR:-target}}
echo "$directory${CARGO_BUILD_TARGET:+/$CARGO_BUILD_TARGET}"
