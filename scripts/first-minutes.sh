#!/usr/bin/env bash
# The first ten minutes of somebody who has a bare Debian and a README: two commands, then every command of
# the README's first page, each with its time; the same as a user without root, and where io_uring is
# refused. The usage is below.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'TEXT'
Usage: scripts/first-minutes.sh [--into DIR] [--toolchain DIR] [--registry DIR] [--test-limit SECONDS]
                                [--run-limit SECONDS] [--program FILE] [--suite NAME] [--mirror URL]
                                [--keep]

Makes a bare Debian in a directory with debootstrap, clones what is committed here into it, and runs
there what the README's first page says, as root, as a user without root, and where a seccomp filter
refuses io_uring (with EPERM, and with ENOSYS). Prints a table in Markdown; the outputs stay in
DIR/first-minutes. Exits with 1 when a command ended otherwise than it should.

  --into DIR            where the bare system is made, or was [default: a new one below $TMPDIR]
  --toolchain DIR       the Rust that it gets, read-only [default: that of the rustc here]
  --registry DIR        a registry cache of cargo that it gets, read-only, so that building needs no
                        network [default: none: cargo fetches]
  --test-limit SECONDS  ends `make test` after so long, which counts as what it did until then
                        [default: none; 0 leaves it out]
  --run-limit SECONDS   interrupts each of the README's runs after so long
                        [default: 75 for root, 15 for the others]
  --program FILE        takes this program instead of building one; leaves out `make demo` and
                        `make test`
  --suite NAME          Debian's name [default: bookworm]
  --mirror URL          Debian's mirror [default: http://deb.debian.org/debian]
  --keep                leave the bare system there

Needs root, debootstrap, unshare, setpriv and ip. Everything is mounted in a namespace of its own, which
ends with the script; no device nodes are made, those of this machine are lent.
TEXT
}

into='' toolchain='' registry='' test_limit='' run_limit='' program='' suite=bookworm keep=no
mirror=http://deb.debian.org/debian
while [ $# -gt 0 ]; do
  case $1 in
    --help | -h) usage && exit 0 ;;
    --keep) keep=yes && shift && continue ;;
    --into | --toolchain | --registry | --test-limit | --run-limit | --program | --suite | --mirror) ;;
    *) echo "unknown argument: $1; see scripts/first-minutes.sh --help" >&2 && exit 2 ;;
  esac
  [ $# -ge 2 ] || { echo "$1 needs a value" >&2; exit 2; }
  case $1 in
    --into) into=$2 ;;
    --toolchain) toolchain=$2 ;;
    --registry) registry=$2 ;;
    --test-limit) test_limit=$2 ;;
    --run-limit) run_limit=$2 ;;
    --program) program=$2 ;;
    --suite) suite=$2 ;;
    --mirror) mirror=$2 ;;
  esac
  shift 2
done
[ "$(id -u)" -eq 0 ] || { echo "first-minutes.sh mounts and enters a system: it needs root" >&2; exit 2; }
for needed in debootstrap unshare setpriv git ip; do
  command -v "$needed" >/dev/null || { echo "$needed is missing; apt-get install debootstrap git iproute2 util-linux" >&2; exit 2; }
done
[ -n "$toolchain" ] || toolchain=$(rustc --print sysroot)

# All of it again, where mounts are nobody else's.
if [ "${FIRST_MINUTES_APART:-}" != yes ]; then
  if [ -z "$into" ]; then
    into=$(mktemp -d "${TMPDIR:-/tmp}/bare-debian.XXXXXX")
    # mktemp lets nobody else in, and this becomes the root of a system with users.
    chmod 755 "$into"
  fi
  code=0
  FIRST_MINUTES_APART=yes unshare --mount --propagation private "${BASH_SOURCE[0]}" \
    --into "$into" --toolchain "$toolchain" --registry "$registry" --test-limit "$test_limit" \
    --run-limit "$run_limit" --program "$program" \
    --suite "$suite" --mirror "$mirror" || code=$?
  if [ "$keep" = no ]; then rm -rf --one-file-system "$into"; fi
  exit "$code"
fi

mkdir -p "$into"
if [ ! -e "$into/etc/debian_version" ]; then
  echo "making a bare Debian $suite in $into" >&2
  # Who may not make device nodes is lent this machine's: so does debootstrap in a container.
  container=lxc setpriv --bounding-set=-mknod --inh-caps=-mknod \
    debootstrap --variant=minbase "$suite" "$into" "$mirror" >&2
fi

bind() { # SOURCE PLACE [ro]
  if [ -d "$1" ]; then mkdir -p "$into$2"; else touch "$into$2"; fi
  mount --bind "$1" "$into$2"
  if [ "${3:-}" = ro ]; then mount -o remount,bind,ro "$into$2"; fi
}
mountpoint -q "$into/proc" || mount -t proc proc "$into/proc"
mountpoint -q "$into/dev" || mount -t tmpfs -o mode=755 tmpfs "$into/dev"
mkdir -p "$into/dev/shm"
mountpoint -q "$into/dev/shm" || mount -t tmpfs tmpfs "$into/dev/shm"
for device in null zero full random urandom tty; do bind "/dev/$device" "/dev/$device"; done
for link in fd:/proc/self/fd stdin:/proc/self/fd/0 stdout:/proc/self/fd/1 stderr:/proc/self/fd/2; do
  [ -e "$into/dev/${link%%:*}" ] || ln -s "${link#*:}" "$into/dev/${link%%:*}"
done
mount --rbind /sys "$into/sys"
cp /etc/resolv.conf "$into/etc/resolv.conf"
echo '127.0.0.1 localhost shop' >"$into/etc/hosts"
bind "$toolchain" /opt/rust ro
mkdir -p "$into/opt/cargo" && chmod 777 "$into/opt/cargo"
[ -z "$registry" ] || bind "$registry" /opt/cargo/registry ro

rm -rf "$into/first-minutes" "$into/opt/shopblast" "$into/opt/someone"
mkdir -p "$into/first-minutes" && chmod 777 "$into/first-minutes"
cp "$repository"/scripts/first_minutes/* "$into/first-minutes/"
[ -z "$program" ] || install -m 755 "$program" "$into/first-minutes/shopblast"
git clone --quiet --no-hardlinks "$repository" "$into/opt/shopblast"

# What is built may need the network; what runs has one of its own, in which no port is taken.
network=()
own_network=(unshare --net bash -c 'ip link set lo up && exec "$@"' network)

enter() { # NAME WORD... : a fresh environment, as who logs in has it
  "${network[@]}" chroot "$into" /usr/bin/env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 INSTALL="${INSTALL:-}" \
    PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    CARGO_HOME=/opt/cargo ${registry:+CARGO_NET_OFFLINE=true} TEST_LIMIT="$test_limit" \
    RUN_LIMIT="$run_limit" ${CARGO_BUILD_JOBS:+CARGO_BUILD_JOBS="$CARGO_BUILD_JOBS"} "$@"
}

echo "| as | command | ends with | seconds |"
echo "|---|---|---|---|"
code=0
enter bash /first-minutes/inside.sh build || code=1
if [ ! -x "$into/first-minutes/forbid_rings" ]; then
  echo "the first commands failed; see $into/first-minutes" >&2
  exit 1
fi
network=("${own_network[@]}")
enter bash /first-minutes/inside.sh root || code=1
# What follows has the program, and packages of before.
enter bash -c 'id someone >/dev/null 2>&1 || useradd --create-home --home-dir /opt/someone --shell /bin/bash someone
  mkdir -p /opt/someone && cp -a /opt/shopblast /opt/someone/ && chown -R someone:someone /opt/someone' || code=1
as_user=(setpriv --reuid=someone --regid=someone --init-groups env HOME=/opt/someone)
enter "${as_user[@]}" bash /first-minutes/inside.sh user || code=1
for refusal in EPERM ENOSYS; do
  enter "${as_user[@]}" bash /first-minutes/inside.sh "$refusal" || code=1
done
exit "$code"
