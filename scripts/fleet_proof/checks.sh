# What the proofs of launched fleets look at, for them to source: `started` are the processes that end with the
# proof, `faults` what did not hold. Who sources it says with `none_left RUN` whether nothing of a run is left.

started=()
leave() {
  for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done
  wait "${started[@]}" 2>/dev/null || true
}
trap leave EXIT

faults=0
# That a command holds.
check() {
  local what=$1
  shift
  if "$@"; then echo "ok    $what"; else echo "FAULT $what"; faults=$((faults + 1)); fi
}

# How many records are in a directory of results.
records() { find "$1" -mindepth 2 -maxdepth 2 -name run.json 2>/dev/null | wc -l; }

# Until a run has recorded some seconds below a directory of results.
begun() {
  for _ in $(seq 300); do
    [ "$(cat "$1"/*/series.csv 2>/dev/null | wc -l)" -ge 3 ] && return 0
    sleep 0.2
  done
  return 1
}

# What came of a run RUN that ended with CODE, and whose record is in DIRECTORY; WHAT carried it out.
check_ended() {
  local what=$1 run=$2 code=$3 directory=$4
  check "$what: the leader's exit code came here: $code" test "$code" -le 1
  check "$what: one record" test "$(records "$directory")" = 1
  check "$what: nothing is left" none_left "$run"
}

# Asks PROCESS, which carries out RUN, to stop, as Ctrl-C does: a shell has what it starts in the background
# ignore that.
check_stopped() {
  local what=$1 run=$2 process=$3 directory=$4 code=0
  check "$what: it had begun" begun "$directory"
  kill -TERM "$process"
  wait "$process" || code=$?
  check "$what: the leader's exit code is 105: $code" test "$code" = 105
  check "$what: one record" test "$(records "$directory")" = 1
  check "$what: nothing is left" none_left "$run"
}
