#!/usr/bin/env bash
# Drives a ShopStream checkout with Docker Compose (infrastructure, databases, API, engines,
# Observatory), waits for each of them, runs shopblast against it, and stops everything that it
# started: at the end, on a failure and on Ctrl-C. Which engines and databases there are is read
# from the checkout, so that it serves each generation of ShopStream.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'USAGE'
Usage: scripts/loadtest-stack.sh [--scaled] [--dry-run] --shopstream DIR [-- SHOPBLAST ARGUMENTS]

  --shopstream DIR  a checkout of ShopStream
  --scaled          3 identity engines and 2 of each other context, instead of 1 each
  --dry-run         print the commands instead of running them
  --help            this text

Without arguments after --, the load profile runs: --profile load. The databases are emptied first.
Environment variables:

  SHOPBLAST     binary to run                       [default: builds the release binary]
  API           address of the API                  [default: http://localhost:8000]
  OBSERVATORY   address of the Observatory          [default: http://localhost:9000]
  WAIT_SECONDS  how long to wait for the infrastructure, and again for the API [default: 180]

Exits with shopblast's exit code; 1 when Docker, make, poetry or the checkout is missing, the stack
does not come up or `shopblast doctor` finds a problem, 2 when the command line is wrong.
USAGE
}

die() {
  echo "$1" >&2
  exit "${2:-1}"
}

scaled=0
dry_run=0
shopstream=
arguments=()
while [ $# -gt 0 ]; do
  case "$1" in
    --scaled) scaled=1 ;;
    --dry-run) dry_run=1 ;;
    --shopstream)
      [ $# -ge 2 ] || die "--shopstream needs a directory; see --help" 2
      shopstream=$2
      shift
      ;;
    --shopstream=*) shopstream=${1#*=} ;;
    --help | -h) usage; exit 0 ;;
    --) shift; arguments=("$@"); break ;;
    *) die "unknown argument: $1; see --help" 2 ;;
  esac
  shift
done
[ -n "$shopstream" ] || die "name the ShopStream checkout: --shopstream DIR; see --help" 2
[ "${#arguments[@]}" -gt 0 ] || arguments=(--profile load)

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
api=${API:-http://localhost:8000}
observatory=${OBSERVATORY:-http://localhost:9000}

[ -d "$shopstream" ] || die "there is no directory $shopstream; clone ShopStream there, or name its checkout with --shopstream DIR"
for file in Makefile docker-compose.yml; do
  [ -f "$shopstream/$file" ] || die "$shopstream is no ShopStream checkout: it has no $file"
done
command -v make >/dev/null || die "make is missing; install it (Debian: apt-get install make)"
# Its targets for databases and the Observatory run on this machine, and not in a container.
if grep -q 'poetry run' "$shopstream/Makefile"; then
  command -v poetry >/dev/null ||
    die "poetry is missing, which ShopStream's own Makefile needs; install it (pipx install poetry), then run poetry install in $shopstream"
fi
command -v docker >/dev/null ||
  die "docker is missing; install Docker Engine with the Compose plugin, or run ShopStream yourself and shopblast with --host"
docker compose version >/dev/null 2>&1 ||
  die "docker compose is missing; install the Compose plugin (Debian: apt-get install docker-compose-plugin)"

run() {
  if [ "$dry_run" -eq 1 ]; then
    echo "+ $*"
  else
    "$@"
  fi
}

compose() { run docker compose --project-directory "$shopstream" "$@"; }

services=$(docker compose --project-directory "$shopstream" config --services) ||
  die "docker compose cannot read $shopstream/docker-compose.yml; see what it says above"
has_service() { grep -qx "$1" <<<"$services"; }
mapfile -t engines < <(grep '^engine-' <<<"$services" | sort)
has_service api || die "$shopstream/docker-compose.yml has no service api: this is no ShopStream that can be driven here"
[ "${#engines[@]}" -gt 0 ] || die "$shopstream/docker-compose.yml has no service engine-…: nothing would work events off"

scale=()
if [ "$scaled" -eq 1 ]; then
  for engine in "${engines[@]}"; do
    if [ "$engine" = engine-identity ]; then scale+=(--scale "$engine=3"); else scale+=(--scale "$engine=2"); fi
  done
fi

wait_seconds=${WAIT_SECONDS:-180}

# In a container of the infrastructure.
within() { docker compose --project-directory "$shopstream" exec -T "$@"; }

# PostgreSQL counts as up once it listens on TCP: while its first start runs the init scripts it
# answers on its Unix socket only.
is_up() {
  case "$1" in
    redis) [ "$(within redis redis-cli ping 2>/dev/null | tr -d '\r')" = PONG ] ;;
    *) within "$1" pg_isready --quiet --host 127.0.0.1 >/dev/null 2>&1 ;;
  esac
}

wait_for_infrastructure() {
  local deadline=$((SECONDS + wait_seconds)) service
  for service in postgres message-db redis; do
    has_service "$service" || continue
    if [ "$dry_run" -eq 1 ]; then
      echo "+ wait for $service"
      continue
    fi
    until is_up "$service"; do
      [ "$SECONDS" -lt "$deadline" ] ||
        die "$service did not come up in $wait_seconds s; see docker compose --project-directory $shopstream logs $service"
      sleep 1
    done
  done
}

# An init script runs on a fresh volume only, and today's makes five of eight databases. The
# services' own addresses name all of them.
make_databases() {
  local wanted present database
  wanted=$(grep -oE '@postgres:[0-9]+/[A-Za-z0-9_]+' "$shopstream/docker-compose.yml" | sed 's|.*/||' | sort -u) || true
  if [ "$dry_run" -eq 1 ]; then
    for database in $wanted; do echo "+ make database $database unless it is there"; done
    return
  fi
  present=$(within postgres sh -c 'psql --username "$POSTGRES_USER" --dbname postgres --tuples-only --no-align --command "SELECT datname FROM pg_database"') ||
    die "cannot list the databases of $shopstream; see what psql says above"
  present=$(tr -d '\r' <<<"$present")
  for database in $wanted; do
    grep -qx "$database" <<<"$present" && continue
    echo "making the database $database, which the checkout's init script leaves out" >&2
    within postgres sh -c 'createdb --username "$POSTGRES_USER" "$1"' sh "$database" ||
      die "cannot make the database $database; see what createdb says above"
  done
}

observatory_pid=
started=0
# Only what this script started is stopped; what ran before is left as it was.
clean_up() {
  trap - EXIT INT TERM
  if [ -n "$observatory_pid" ]; then
    kill -- "-$observatory_pid" 2>/dev/null || true
    wait "$observatory_pid" 2>/dev/null || true
  fi
  if [ "$started" -eq 1 ]; then
    echo "stopping the stack" >&2
    compose down --remove-orphans || true
  fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

binary=${SHOPBLAST-}
if [ -z "$binary" ]; then
  run cargo build --release --locked --manifest-path "$repository/Cargo.toml"
  binary=$(bash "$repository/scripts/target-dir.sh")/release/shopblast
fi

if [ "$dry_run" -eq 0 ] && [ -n "$(docker compose --project-directory "$shopstream" ps --quiet 2>/dev/null)" ]; then
  die "the stack of $shopstream is running already; stop it first: docker compose --project-directory $shopstream down"
fi
started=1
run make -C "$shopstream" docker-up
wait_for_infrastructure
make_databases
run make -C "$shopstream" setup-db
run make -C "$shopstream" truncate-db
if has_service redis; then compose exec -T redis redis-cli FLUSHDB; fi
compose up --detach "${scale[@]}" api "${engines[@]}"
if [ "$dry_run" -eq 1 ]; then
  echo "+ make -C $shopstream observatory &"
else
  # A process group of its own, so that it ends as a whole, and not by Ctrl-C before the load does.
  setsid make -C "$shopstream" observatory >"$repository/results/observatory.log" 2>&1 &
  observatory_pid=$!
fi

# Doctor ends with 107 while nothing answers, which passes; whatever else it finds stays.
wait_until_well() {
  local deadline=$((SECONDS + wait_seconds)) code
  while true; do
    code=0
    "$binary" doctor --host "$api" --observatory "$observatory" >/dev/null 2>&1 || code=$?
    [ "$code" -eq 107 ] || break
    [ "$SECONDS" -lt "$deadline" ] || {
      "$binary" doctor --host "$api" --observatory "$observatory" >&2 || true
      die "the API at $api did not become well in $wait_seconds s; see docker compose logs"
    }
    sleep 2
  done
  "$binary" doctor --host "$api" --observatory "$observatory" ||
    die "the API at $api answers, but doctor found a problem, which waiting does not mend: see above"
}
if [ "$dry_run" -eq 1 ]; then
  echo "+ $binary doctor --host $api --observatory $observatory"
else
  wait_until_well
fi

# Ctrl-C reaches shopblast, too: it saves its record and ends; then the stack is stopped.
trap ':' INT
code=0
run "$binary" "${arguments[@]}" --host "$api" || code=$?
exit "$code"
