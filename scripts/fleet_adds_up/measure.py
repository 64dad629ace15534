"""Measures what 1 to N shards send together, each on a CPU of its own with a target of its own."""

import json
import os
import pathlib
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time

BINARY = os.environ["SHOPBLAST"]
CPUS = [int(word) for word in os.environ.get("CPUS", "").replace(",", " ").split()] or sorted(os.sched_getaffinity(0))
SECONDS = int(os.environ.get("SECONDS_RUN", "5"))
ROUNDS = int(os.environ.get("ROUNDS", "5"))
PORT = int(os.environ.get("PORT", "23300"))
USERS = 16


def on(cpu, words):
    """Starts the program on one CPU."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHOPBLAST")}
    return subprocess.Popen(
        ["taskset", "--cpu-list", str(cpu), BINARY, *words], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )


def reachable(port):
    """Waits until something listens."""
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"nothing listens on port {port}")


def sent(cpus, results):
    """Requests a second of all shards together, one on each of these CPUs."""
    of = len(cpus)
    runs = []
    run_id = secrets.token_hex(8)
    for index, cpu in enumerate(cpus):
        place = results / f"{time.monotonic_ns()}-{index}"
        port = PORT + CPUS.index(cpu)
        words = [
            "--url", f"http://127.0.0.1:{port}/customers", "--users", str(USERS * of), "--spawn-rate", "10000",
            "--run-time", f"{SECONDS}s", "--pacing", "max", "--cores", "1", "--seed", "1", "--run-id", run_id, "--quiet",
            "--shard", f"{index + 1}/{of}", "--results", str(place),
        ]
        runs.append((on(cpu, words), place))
    total = 0.0
    for process, place in runs:
        told = process.communicate(timeout=SECONDS + 60)[1]
        records = list(place.glob("*/run.json"))
        if not records:
            sys.exit(f"a shard ended with {process.returncode} and left no record:\n{told}")
        steady = json.loads(records[0].read_text())["totals"]
        total += steady["requests_per_s"]
    return total


def main():
    """One, then two, and so on; in turns, so that what drifts meets all of them."""
    figures = {count: [] for count in range(1, len(CPUS) + 1)}
    alone = {cpu: [] for cpu in CPUS}
    with tempfile.TemporaryDirectory() as results:
        targets = [on(cpu, ["sandbox", "--fixed", "--port", str(PORT + place)]) for place, cpu in enumerate(CPUS)]
        try:
            for place in range(len(CPUS)):
                reachable(PORT + place)
            for _ in range(ROUNDS):
                for cpu in CPUS:
                    alone[cpu].append(sent([cpu], pathlib.Path(results)))
                for count in range(2, len(CPUS) + 1):
                    figures[count].append(sent(CPUS[:count], pathlib.Path(results)))
        finally:
            for target in targets:
                target.terminate()
                target.wait()
    print("| Machines | Requests/s together | Requests/s alone, added | Ratio |\n|---:|---:|---:|---:|")
    for count in range(1, len(CPUS) + 1):
        added = sum(statistics.median(alone[cpu]) for cpu in CPUS[:count])
        together = statistics.median(figures[count]) if figures[count] else added
        print(f"| {count} | {together:,.0f} | {added:,.0f} | {together / added:.2f} |")


if __name__ == "__main__":
    main()
