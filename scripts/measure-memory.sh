#!/usr/bin/env bash
# Measures what the program's memory is made of: a base, and so much a user. One short run for each
# count of users against `shopblast sandbox --fixed`, whose resident size is read from the kernel.
# Prints a table in Markdown. What is in it: docs/users-and-memory.md. The options are in `usage` below.
set -euo pipefail
export LC_ALL=C.UTF-8

usage() {
  cat <<'USAGE'
Usage: scripts/measure-memory.sh [--help]

Measures for about two minutes. Environment variables:

  SHOPBLAST          binary to measure            [default: builds the release binary]
  USERS              counts of users, in order    [default: 1 64 9000 50000]
  SECONDS_PER_RUN    length of a run              [default: 15]
  PROFILE            what the users do            [default: spike]
  PACING             class or max                 [default: class]
  MORE_FLAGS         flags of every run           [default: none]
  CLIENT_CPU         CPU of the worker            [default: the first that may be used]
  SERVER_CPU         CPU of the server            [default: the last that may be used]
  PORT               port of the server           [default: 18479]

A user has a connection of its own while there are descriptors and local ports for that; beyond, all
share as many as there are. Run by root it works in a network of its own, with 64,000 local ports.
Load goes to 127.0.0.1 only.
USAGE
}

case "${1-}" in
  "") ;;
  -h | --help) usage; exit 0 ;;
  *) usage >&2; exit 2 ;;
esac

if [[ -z ${IN_OWN_NETWORK-} ]] && unshare --net true 2>/dev/null; then
  IN_OWN_NETWORK=1 exec unshare --net "$0"
fi

repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target_dir=$(bash "$repository/scripts/target-dir.sh")
read -ra allowed < <(python3 -c 'import os; print(*sorted(os.sched_getaffinity(0)))')
client_cpu=${CLIENT_CPU:-${allowed[0]}}
server_cpu=${SERVER_CPU:-${allowed[-1]}}
url=http://127.0.0.1:${PORT:-18479}
seconds=${SECONDS_PER_RUN:-15}
work=$(mktemp -d)
server_pid= client_pid=

finish() {
  local pid
  for pid in $client_pid $server_pid; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

die() {
  echo "measure-memory: $*" >&2
  exit 2
}

if [[ -n ${SHOPBLAST-} ]]; then
  shopblast=$(realpath "$SHOPBLAST")
else
  cargo build --release --locked --quiet --manifest-path "$repository/Cargo.toml" --target-dir "$target_dir"
  shopblast=$target_dir/release/shopblast
fi
[[ -x $shopblast ]] || die "$shopblast is not there, or cannot be run"

if [[ -n ${IN_OWN_NETWORK-} ]]; then
  python3 - <<'PYTHON'
import fcntl, socket, struct
with socket.socket() as any_socket:
    request = struct.pack("16sh22x", b"lo", 0)
    flags = struct.unpack("16xh", fcntl.ioctl(any_socket, 0x8913, request)[:18])[0]
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh22x", b"lo", flags | 1))
PYTHON
  echo "1024 65535" >/proc/sys/net/ipv4/ip_local_port_range
fi
ulimit -n "$(ulimit -Hn)"
descriptors=$(ulimit -n)
[[ $descriptors != unlimited ]] || descriptors=1048576
read -r first_port last_port </proc/sys/net/ipv4/ip_local_port_range
most=$((last_port - first_port - 100))
((most <= descriptors - 200)) || most=$((descriptors - 200))

"$shopblast" sandbox --fixed --port "${url##*:}" --cores "$server_cpu," >"$work/server.out" 2>&1 &
server_pid=$!
for _ in $(seq 100); do
  ! (exec 3<>"/dev/tcp/127.0.0.1/${url##*:}") 2>/dev/null || break
  kill -0 "$server_pid" 2>/dev/null || die "the server ended: $(cat "$work/server.out")"
  sleep 0.1
done

# One of the figures of proc_pid_status(5), in KiB.
figure() {
  awk -v name="$1:" '$1 == name { print $2 }' "/proc/$client_pid/status" 2>/dev/null
}

echo "| users | connections | peak kB | steady kB | anonymous kB | of files kB | a user more, B |"
echo "|---|---|---|---|---|---|---|"
base_users= base_peak=
for users in ${USERS-1 64 9000 50000}; do
  flags=() connections=$users
  if ((users > most)); then
    connections=$most
    flags=(--connections "$connections")
  fi
  # shellcheck disable=SC2206 # words of a list
  flags+=(${MORE_FLAGS-})
  "$shopblast" --profile "${PROFILE:-spike}" -H "$url" --no-preflight -u "$users" -r "$users" -t "${seconds}s" \
    --pacing "${PACING:-class}" --cores "$client_cpu," --stop-timeout 5s --exit-code-on-error 0 --quiet --results "$work/record" \
    "${flags[@]}" >"$work/client.out" 2>&1 &
  client_pid=$!
  peak= steady= anonymous= of_files=
  while value=$(figure VmHWM) && [[ -n $value ]]; do
    peak=$value
    # The last look before the end is of the steady state.
    if [[ -d $work/record ]]; then
      value=$(figure VmRSS) && steady=${value:-$steady}
      value=$(figure RssAnon) && anonymous=${value:-$anonymous}
      value=$(figure RssFile) && of_files=${value:-$of_files}
    fi
    sleep 0.2
  done
  status=0
  wait "$client_pid" || status=$?
  client_pid=
  ((status == 0)) || die "the run of $users users ended with $status: $(tail -3 "$work/client.out")"
  rm -rf "$work/record"
  a_user=
  [[ -z $base_users ]] || a_user=$(((peak - base_peak) * 1024 / (users - base_users)))
  [[ -n $base_users ]] || { base_users=$users base_peak=$peak; }
  echo "| $users | $connections | $((peak * 1024 / 1000)) | $((steady * 1024 / 1000)) | $((anonymous * 1024 / 1000)) | $((of_files * 1024 / 1000)) | $a_user |"
done
