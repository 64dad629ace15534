# What the proofs of launched fleets stand on, for them to source: what they need of this machine, the binary,
# and a directory of their own. Where a proof cannot be made it is said why, and the exit code is 0 (1 with
# ENGINE=needed).

# With further words, why not.
skip() {
  echo "skipped: $*" >&2
  [ "${ENGINE-}" = needed ] && exit 1
  exit 0
}

# Root for WHOM, and tools.
need() {
  local whom=$1 tool
  shift
  [ "$(id -u)" = 0 ] || skip "$whom is started by root"
  for tool in "$@"; do command -v "$tool" >/dev/null || skip "$tool is missing"; done
}

# SHOPBLAST, built unless it is there, and WORK, which goes at the end; of a checkout.
prepare() {
  local repository=$1
  if [ -z "${SHOPBLAST-}" ]; then
    cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
    SHOPBLAST=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
  fi
  unset "${!LOCUST_@}"
  WORK=$(mktemp -d)
  export SHOPBLAST WORK
  trap 'rm -rf --one-file-system "$WORK"' EXIT
}
