#!/usr/bin/env bash
# shopblast against TLS stacks that nobody here wrote: nginx and HAProxy as reverse proxies before two API workers
# of the embedded shop, each in many variants: keep-alive limits, reloads, certificates that are wrong, TLS 1.2 only,
# two names, HTTP/2. Of each it is checked what is told, and that what was counted is what the proxy's own log
# counts. Prints a table in Markdown; exits with 1 when anything is not as it must be.
set -euo pipefail
export LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1

usage() {
  cat <<'USAGE'
Usage: scripts/ingress.sh [--help | --serve]

Needs python3, openssl, and nginx or haproxy (Debian: apt-get install nginx haproxy), and about three minutes.
With --serve it starts the proxies and the shop, says where they are, and waits for Ctrl-C: to try something by
hand. Environment variables:

  SHOPBLAST    binary to try                     [default: builds the release binary]
  PROXIES      any of: nginx haproxy             [default: both]
  ONLY         variants to run, `;` between them [default: all]
  SHOP         shop behind them, as host:port    [default: starts `shopblast sandbox --api-workers 2`]
  SECONDS_RUN  length of a run                   [default: 3]
  USERS        users of a run                    [default: 16]
  MORE         further arguments of each run     [default: none]
  PORT         first of 80 ports                 [default: 21500]

All of it is on 127.0.0.1, in a directory that is removed at the end, certificates included.
USAGE
}

case "${1-}" in
  "" | --serve) ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# They are not on everybody's PATH.
PATH=$PATH:/usr/sbin:/usr/local/sbin
for tool in python3 openssl; do
  command -v "$tool" >/dev/null || { echo "$tool is missing; install it (Debian: apt-get install $tool)" >&2; exit 2; }
done
binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  cargo build --release --locked --manifest-path "$repository/Cargo.toml" >&2
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi
unset "${!SHOPBLAST_@}" "${!LOCUST_@}"
export BINARY=$binary
exec python3 "$repository/scripts/ingress/prove.py" "$@"
