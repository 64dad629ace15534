#!/usr/bin/env bash
# What scripts/first-minutes.sh runs in the bare system: `inside.sh build|root|user|EPERM|ENOSYS`. Prints a row for
# each command; what it printed itself goes into a file beside this one.
set -uo pipefail
who=$1
outputs=/first-minutes
case $who in build | root) cd /opt/shopblast ;; *) cd ~/shopblast ;; esac
code=0 number=0

row() { # EXPECTED COMMAND... : runs it, prints its row; the exit code should be one of EXPECTED
  local expected=$1 began ended command=${*:2}
  number=$((number + 1))
  began=$EPOCHREALTIME
  bash -c "$command" >"$outputs/$who-$number.txt" 2>&1 </dev/null
  ended=$?
  local seconds
  seconds=$(((${EPOCHREALTIME/./} - ${began/./}) / 100000))
  local mark=''
  case " $expected " in *" $ended "*) ;; *) mark=' (**not as it should**)' && code=1 ;; esac
  echo "| $who | \`${command//|/\\|}\` | $ended$mark | $((seconds / 10)).$((seconds % 10)) |"
}

# The README's runs, as they stand there, each ended after a while as Ctrl-C does it where it has no end of
# its own: exit code 105, unless something else is worth more. `timeout` passes that on for hunts, too.
readme_runs() {
  sed -n '/^## Five runs/,/^## What/p' README.md | sed -n '/^```sh/,/^```/p' | grep '^shopblast ' | sed 's/ *#.*//'
}

# What was built, or given.
program() {
  if is_given; then echo "$outputs/shopblast"; else echo "$(bash scripts/target-dir.sh)/$1/shopblast"; fi
}

is_given() { [ -x "$outputs/shopblast" ]; }

# `shopblast` is on the path, as after `make install`; behind these words, if any.
installed() {
  mkdir -p ~/bin && export PATH=~/bin:$PATH
  printf '#!/bin/sh\nexec %s "$@"\n' "${1:+$1 }$(program demo)" >~/bin/shopblast
  chmod 755 ~/bin/shopblast
}

# The shop that README's runs expect on this machine, and as `shop`.
with_shop() {
  shopblast sandbox --port 8000 >"$outputs/$who-shop.txt" 2>&1 &
  shop=$!
  for _ in $(seq 100); do
    grep -q serving "$outputs/$who-shop.txt" && return 0
    sleep 0.1
  done
  echo "| $who | \`shopblast sandbox\` | did not come up | |" && code=1
}

first_page() {
  local line
  with_shop
  while IFS= read -r line; do
    row '0 1 95 96 105' "timeout --preserve-status --signal=INT --kill-after=30 ${RUN_LIMIT:-75} $line"
  done < <(readme_runs)
  # Not INT: what a shell starts in the background ignores it from the start.
  kill -TERM "$shop" && wait "$shop"
}

case $who in
  build)
    # What the README asks for beside Rust; the toolchain is lent.
    # A run that was ended may have left packages half installed.
    dpkg --configure -a >/dev/null 2>&1
    row 0 'apt-get update -qq && apt-get install -y -qq --no-install-recommends make ca-certificates'
    is_given || row 0 'make demo'
    [ "$code" -eq 0 ] || exit 1
    if ! is_given && [ "${TEST_LIMIT:-}" != 0 ]; then
      row '0 124' "${TEST_LIMIT:+timeout --kill-after=30 $TEST_LIMIT }make test"
    fi
    is_given && apt-get install -y -qq --no-install-recommends gcc libc6-dev >/dev/null 2>&1
    row 0 'gcc -o /first-minutes/forbid_rings /first-minutes/forbid_rings.c'
    ;;
  root)
    installed
    first_page
    row 107 'shopblast doctor'
    row 0 'shopblast doctor --sandbox'
    chmod -R a+rwX "$outputs"
    ;;
  user)
    # What root installed is there, and crates of others are built.
    row '0 1' 'make setup'
    is_given || row 0 'make demo'
    [ "$code" -eq 0 ] || exit 1
    installed
    RUN_LIMIT=${RUN_LIMIT:-15} first_page
    row 0 'shopblast doctor --sandbox'
    row 104 '(ulimit -l 16; shopblast --profile smoke --sandbox -t 1s)'
    row 1 '(ulimit -l 16; shopblast doctor --sandbox)'
    row 0 'shopblast --profile smoke --sandbox -t 2s --driver epoll'
    row 104 'cd / && shopblast --sandbox'
    ;;
  EPERM | ENOSYS)
    installed "/first-minutes/forbid_rings $who"
    row 104 'shopblast --sandbox'
    row 1 'shopblast doctor --sandbox'
    row 0 'shopblast doctor --sandbox --driver epoll'
    # As the message says it, for all that follow.
    export SHOPBLAST_DRIVER=epoll RUN_LIMIT=${RUN_LIMIT:-15}
    first_page
    ;;
esac
exit "$code"
