"""Launches a fleet in a swarm, and checks what came of it: tasks, record, figures, and that nothing is left."""

import json
import os
import pathlib
import subprocess
import sys
import threading
import time

BINARY = os.environ["SHOPBLAST"]
SHARDS = int(os.environ.get("SHARDS", "4"))
SECONDS = int(os.environ.get("SECONDS_RUN", "10"))
WORK = pathlib.Path(os.environ["WORK"])
FAULTS = []


def docker(*words):
    """What docker answers."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, timeout=60, check=False)
    return done.stdout


def check(holds, what):
    """Tells whether something holds."""
    print(f"{'ok' if holds else 'FAULT':5} {what}", flush=True)
    if not holds:
        FAULTS.append(what)


def watch(seen, done):
    """Keeps what tasks of machines there were, until the run is over."""
    while not done.is_set():
        told = docker("service", "ps", "--no-trunc", "--format", "{{.ID}}", "shopblast-proof-join")
        for task in told.split():
            text = docker("inspect", "--type", "task", task)
            status = json.loads(text or "[]")
            if status:
                state = status[0]["Status"]
                container = state.get("ContainerStatus", {})
                seen[task] = (
                    state["State"], container.get("ExitCode", 0), container.get("ContainerID", ""), state.get("Err", "")
                )
        time.sleep(0.5)


def carry_out():
    """The run, as a user types it."""
    line = [
        BINARY, "fleet", "up", "--engine", "swarm", "--shards", str(SHARDS), "--same-node", "--run", "proof",
        # Where this runs the engine may not be allowed to raise them.
        "--keep-limits",
        "--network", "shop", "--memory", "256M", "--results", str(WORK / "results"), "--longest", "5m",
        "--start-limit", "90s", "--join-flags=--oversubscribe --wait 60s", "--",
        "SpikeUser", "--users", "40", "--spawn-rate", "40", "--run-time", f"{SECONDS}s",
        "--host", "http://shop:8000", "--allow-host", "shop",
    ]
    return subprocess.run(line, timeout=SECONDS + 240, check=False).returncode


def main():
    """Everything in turn."""
    seen, done = {}, threading.Event()
    watcher = threading.Thread(target=watch, args=(seen, done))
    watcher.start()
    try:
        code = carry_out()
    finally:
        done.set()
        watcher.join()
    check(code in (0, 1), f"the leader's exit code came here: {code}")
    check(len(seen) == SHARDS, f"{len(seen)} tasks of machines")
    for task, (state, exit_code, _, error) in seen.items():
        print(f"      task {task[:12]}: {state}, exit code {exit_code} {error}")
    containers = {container for _, _, container, _ in seen.values()}
    check(len(containers) == SHARDS, f"{len(containers)} containers")
    records = sorted((WORK / "results").glob("*/run.json"))
    check(len(records) == 1, f"{len(records)} record")
    if records:
        record = json.loads(records[0].read_text())
        total = record.get("totals", {}).get("requests", 0)
        shards = record.get("shards") or []
        print(f"      {total} requests; shards in the record: {json.dumps(shards)[:400]}")
        check(len(shards) == SHARDS, f"the record names {len(shards)} shards")
    left = docker("stack", "ls", "--format", "{{.Name}}") + docker("secret", "ls", "--quiet")
    check(not left.strip(), "no stack and no secret is left")
    return 1 if FAULTS else 0


if __name__ == "__main__":
    sys.exit(main())
