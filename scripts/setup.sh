#!/usr/bin/env bash
# Installs what building and testing need, or prints the one line that does. The usage is below;
# `make demo` and `make test` call this first.
set -euo pipefail
cd "$(dirname "$0")/.."

usage() {
  cat <<'TEXT'
Usage: scripts/setup.sh [build | test] [--left-out] [--help]

Looks for what shopblast needs: Rust, and a C compiler's linker, to build it (`build`); also what its
tests need (`test`, the default): rustfmt, clippy, git, a browser, Redis, PostgreSQL. As root it
installs Debian's packages for what is missing. As another user it prints the line that does.

  --left-out  install and say nothing; print what `make test` has to leave out, by the names of its
              steps and of the directories in tests/

Exit code 1: something is missing without which nothing can be built, or could not be installed.
What only some tests need is named otherwise, and left out by `make test`.

Variables: CARGO (the cargo to look at), CHROMIUM (the browser to take), INSTALL=no (install nothing).
TEXT
}

purpose=test
left_out_only=no
for word in "$@"; do
  case $word in
    build | test) purpose=$word ;;
    --left-out) left_out_only=yes ;;
    --help | -h) usage && exit 0 ;;
    *) echo "unknown argument: $word; see scripts/setup.sh --help" >&2 && exit 2 ;;
  esac
done

cargo=${CARGO:-cargo}
have() { command -v "$1" >/dev/null 2>&1; }
say() { [ "$left_out_only" = yes ] || echo "setup: $*" >&2; }

# Links as rustc does: a compiler without the C library's files is none.
links() {
  have cc || return 1
  local directory code=0
  directory=$(mktemp -d)
  echo 'int main(void) { return 0; }' >"$directory/linked.c"
  cc "$directory/linked.c" -o "$directory/linked" >/dev/null 2>&1 || code=1
  rm -rf "$directory"
  return "$code"
}

has_browser() {
  [ -n "${CHROMIUM:-}" ] ||
    have chromium || have chromium-browser || have google-chrome || have google-chrome-stable
}

# Debian keeps the server's programs off the path.
has_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# By hand, before cargo reads the manifest: an old cargo stumbles over a key that it does not know.
check_rust() {
  local needed found
  needed=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
  if ! have "$cargo"; then
    echo "Rust is missing: install Rust $needed or newer, see https://rustup.rs" >&2
    exit 1
  fi
  found=$("$cargo" --version | cut -d ' ' -f 2)
  if [ "$(printf '%s\n' "$needed" "${found%%-*}" | sort --version-sort | head -n 1)" != "$needed" ]; then
    echo "Rust is too old: this is cargo $found, shopblast needs Rust $needed or newer; run" \
      "\`rustup update\`, or take Rust from https://rustup.rs instead of the distribution" >&2
    exit 1
  fi
}

# Fills `vital` (packages without which nothing is built), `packages` (those that tests need) and
# `left_out`.
look_around() {
  vital=() packages=() left_out=()
  links || vital+=(gcc libc6-dev)
  have make || vital+=(make)
  [ "$purpose" = test ] || return 0
  have git || packages+=(git)
  # Without fonts a browser draws no text.
  has_browser || packages+=(chromium fonts-dejavu-core)
  has_browser || left_out+=(browser)
  have redis-server || packages+=(redis-server)
  has_postgres || packages+=(postgresql)
  # `ss` for every user's tests, `ip` for those of root.
  have ss || packages+=(iproute2)
  have redis-server && has_postgres || left_out+=(stores)
  "$cargo" fmt --version >/dev/null 2>&1 || left_out+=(format)
  "$cargo" clippy --version >/dev/null 2>&1 || left_out+=(lint)
  "$cargo" deny --version >/dev/null 2>&1 || left_out+=(deny)
}

# The components of the toolchain need no root.
add_components() {
  [ "$purpose" = test ] || return 0
  "$cargo" fmt --version >/dev/null 2>&1 && "$cargo" clippy --version >/dev/null 2>&1 && return 0
  if [ "${INSTALL:-}" != no ] && have rustup; then
    rustup component add rustfmt clippy >&2 && return 0
  fi
  say "rustfmt or clippy is missing; run: rustup component add rustfmt clippy"
}

install_packages() {
  apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

if [ "$left_out_only" = yes ]; then
  look_around
  echo "${left_out[*]}"
  exit 0
fi

check_rust
add_components
look_around
missing=("${vital[@]}" "${packages[@]}")
if [ "${#missing[@]}" -gt 0 ]; then
  line="apt-get install -y --no-install-recommends ${missing[*]}"
  if [ "${INSTALL:-}" != no ] && [ "$(id -u)" -eq 0 ] && have apt-get; then
    say "installing ${missing[*]}"
    if ! install_packages "${missing[@]}" >&2; then
      say "could not install them; mend that and run: $line"
      say "or do without what can be left out: INSTALL=no"
      exit 1
    fi
    look_around
  else
    say "missing; run as root: $line"
  fi
fi
[ "${#left_out[@]}" -eq 0 ] || say "make test leaves out: ${left_out[*]}"
if [ "${#vital[@]}" -gt 0 ]; then
  say "nothing can be built without ${vital[*]}"
  exit 1
fi
