"""Runs one client for one round, appends one line of JSON to the samples, and leaves the state of the
machine in the file `state` of the working directory.

CPU time is that of the whole client process from start to end (wait4(2)), the start-up of every
client included.

Usage: measure_round.py --samples FILE --part NAME --client NAME --connections N --round N
       --seconds N --server-pid PID --server-cpu N --client-cpu N
       [--distance FLOOR] [--server NAME --wire NAME --streams N] --work DIR -- COMMAND...
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from client_process import (
    ClientProcess,
    idle_entries,
    machine_cpu_s,
    process_cpu_s,
    process_switches,
    read_record,
)
from rounds import state_of

# gcannon sleeps this long before it sets its counts back to zero.
GCANNON_WARM_UP_S = 0.1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--part", required=True)
    parser.add_argument("--client", required=True)
    parser.add_argument("--connections", type=int, required=True)
    parser.add_argument("--round", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--server-pid", type=int, required=True)
    parser.add_argument("--server-cpu", type=int, required=True)
    parser.add_argument("--client-cpu", type=int, required=True)
    parser.add_argument("--distance", metavar="FLOOR")
    # Of the parts that know more than one server: which, how it is spoken with, streams of a connection.
    parser.add_argument("--server")
    parser.add_argument("--wire")
    parser.add_argument("--streams", type=int)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    return parser.parse_args()


def round_trip_ns(asked: argparse.Namespace) -> float | None:
    """How long a cache line takes between the two CPUs, to and fro; `None` when nothing can tell."""
    if not asked.distance:
        return None
    command = [asked.distance, "--distance", str(asked.client_cpu), str(asked.server_cpu)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    return json.loads(told.stdout)["round_trip_ns"] if told.returncode == 0 else None


def number(pattern: str, text: str) -> float:
    """The number that `pattern` finds; the round is worth nothing without it."""
    found = re.search(pattern, text)
    if not found:
        sys.exit(f"error: no `{pattern}` in the client's output:\n{text[-2000:]}")
    return float(found.group(1))


def count_of(pattern: str, text: str) -> int:
    """The number that `pattern` finds, 0 when the client does not mention it."""
    found = re.search(pattern, text)
    return int(found.group(1)) if found else 0


def wrk_figures(text: str) -> dict:
    requests = int(number(r"(\d+) requests in", text))
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return {
        "requests": requests,
        "requests_per_s": number(r"Requests/sec:\s+([\d.]+)", text),
        "failed": count_of(r"Non-2xx or 3xx responses: (\d+)", text)
        + sum(map(int, socket_errors.groups() if socket_errors else ())),
    }


def wrk_lua_figures(text: str) -> dict:
    figures = wrk_figures(text)
    # Replies of the last moments are read, but no longer counted as requests, or the reverse.
    unread = figures["requests"] - int(number(r"Ids read: (\d+)", text))
    if abs(unread) > 0.01 * figures["requests"]:
        sys.exit(f"error: {unread} replies of {figures['requests']} gave wrk no id")
    return figures


def h2load_figures(text: str) -> dict:
    return {
        "requests": int(number(r"(\d+) succeeded", text)),
        "requests_per_s": number(r"finished in [^,]+, ([\d.]+) req/s", text),
        "failed": int(number(r"(\d+) failed", text)) + int(number(r"(\d+) errored", text)),
    }


def oha_figures(text: str) -> dict:
    report = json.loads(text)
    statuses = report["statusCodeDistribution"]
    # Requests in flight at the deadline are given up on purpose.
    errors = {
        what: count
        for what, count in report["errorDistribution"].items()
        if "deadline" not in what
    }
    requests = sum(statuses.values())
    return {
        "requests": requests,
        "requests_per_s": requests / report["summary"]["total"],
        "failed": requests - statuses.get("201", 0) + sum(errors.values()),
    }


def gcannon_figures(text: str) -> dict:
    report = json.loads(text[text.index("{") :])
    errors = report["errors"]
    # What it answers in its warm-up costs CPU, but is not in its count.
    all_of_it = (report["elapsed_sec"] + GCANNON_WARM_UP_S) / report["elapsed_sec"]
    return {
        "requests": round(report["responses"] * all_of_it),
        "requests_per_s": report["rps"],
        "version": report["version"],
        "failed": report["responses"] - report["status"]["2xx"] + sum(errors.values()),
    }


def floor_figures(text: str) -> dict:
    report = json.loads(text)
    return {
        "requests": report["requests"],
        "requests_per_s": report["requests_per_s"],
        # It ends with an error at the first failure.
        "failed": 0,
        "completions_per_enter": report["completions_per_enter"],
        "p50_us": report["p50_us"],
        "p99_us": report["p99_us"],
    }


def shopblast_figures(record: dict) -> dict:
    totals = record["totals"]
    generator = record["generator"]
    full, resumed = (record["connections"].get(f"handshakes_{kind}", 0) for kind in ("full", "resumed"))
    return {
        "resumed_share": resumed / (full + resumed) if full + resumed else None,
        "requests": totals["requests"],
        "requests_per_s": totals["requests_per_s"],
        "failed": totals["requests"] - totals["success"],
        "worker_cpu_us": generator["cpu_us_per_request"],
        "worker_user_us": generator["cpu_user_us_per_request"],
        # Not every version of shopblast counts these.
        "ring_entries": generator.get("ring_entries_per_request"),
        "completions_per_enter": generator.get("completions_per_enter"),
        "ring_flags": record["host"]["ring_flags"],
        "allocations_steady": generator["allocations_steady"],
        "connections_opened": record["connections"]["opened"],
        "shed": record["shed"],
        "lag_p50_us": totals["lag_us"]["p50"],
        "lag_p99_us": totals["lag_us"]["p99"],
        "lag_max_us": totals["lag_us"]["max"],
        "wire_bytes": totals["bytes_out"] / max(totals["requests"], 1),
    }


def s_time_figures(text: str) -> dict:
    connections = int(number(r"(\d+) connections in [\d.]+ real seconds", text))
    seconds = number(r"connections in ([\d.]+) real seconds", text)
    # It writes one letter a connection: `r` for a resumed session.
    letters = max(re.findall(r"^[rt*]+", text, re.MULTILINE), key=len, default="")
    return {
        "requests": connections,
        "requests_per_s": connections / seconds,
        "failed": 0,
        "resumed_share": letters.count("r") / max(connections, 1),
    }


FIGURES = {
    "s_time": s_time_figures,
    "floor": floor_figures,
    "gcannon": gcannon_figures,
    "wrk": wrk_figures,
    "wrk-lua": wrk_lua_figures,
    "h2load": h2load_figures,
    "oha": oha_figures,
}


def main() -> None:
    asked = arguments()
    results = asked.work / "record"
    shutil.rmtree(results, ignore_errors=True)
    command = [part.replace("@RESULTS@", str(results)) for part in asked.command]

    trip_before = round_trip_ns(asked)
    server_before = process_cpu_s(asked.server_pid)
    sleeps_before = process_switches(asked.server_pid)
    halts_before = idle_entries(asked.server_cpu)
    busy_before, steal_before = machine_cpu_s()
    client = ClientProcess(command, asked.work / "client.out", 3 * asked.seconds + 60)
    exit_code, usage = client.reap()
    wall_s = time.monotonic() - client.started
    busy_after, steal_after = machine_cpu_s()
    server_cpu_s = process_cpu_s(asked.server_pid) - server_before
    server_sleeps = process_switches(asked.server_pid) - sleeps_before
    halts = None if halts_before is None else idle_entries(asked.server_cpu) - halts_before

    trips = [trip_before, round_trip_ns(asked)]

    if exit_code != 0:
        client.fail(f"exit code {exit_code}")
    if asked.client == "shopblast":
        figures = shopblast_figures(read_record(results))
    else:
        figures = FIGURES[asked.client](client.text())
    if figures["requests"] == 0:
        client.fail("no request was answered")

    client_cpu_s = usage.ru_utime + usage.ru_stime
    machine_s = wall_s * os.cpu_count()
    sample = {
        "part": asked.part,
        "client": asked.client,
        "connections": asked.connections,
        "server": asked.server,
        "wire": asked.wire,
        "streams": asked.streams,
        "round": asked.round,
        "command": asked.command,
        "round_trip_ns": trips,
        "cpu_us": client_cpu_s * 1e6 / figures["requests"],
        "user_us": usage.ru_utime * 1e6 / figures["requests"],
        "system_us": usage.ru_stime * 1e6 / figures["requests"],
        "client_busy": client_cpu_s / wall_s,
        "server_us": server_cpu_s * 1e6 / figures["requests"],
        "server_busy": server_cpu_s / wall_s,
        "server_sleeps": server_sleeps / figures["requests"],
        "server_halts": None if halts is None else halts / figures["requests"],
        "client_sleeps": usage.ru_nvcsw / figures["requests"],
        "client_forced": usage.ru_nivcsw / figures["requests"],
        "steal_share": (steal_after - steal_before) / machine_s,
        "foreign_share": max(0.0, busy_after - busy_before - client_cpu_s - server_cpu_s) / machine_s,
        **figures,
    }
    with open(asked.samples, "a", encoding="utf-8") as file:
        file.write(json.dumps(sample) + "\n")
    (asked.work / "state").write_text(state_of(sample), encoding="utf-8")
    print(
        f"  {asked.part:<5} round {asked.round}  {asked.client:<10}{asked.connections:>5} connections"
        f"{sample['requests_per_s']:>10.0f}/s{sample['cpu_us']:>7.2f} us of CPU per request"
        f"  (CPUs {state_of(sample)}; server busy {sample['server_busy']:.0%},"
        f" sleeps {1000 * sample['server_sleeps']:.1f} in 1,000; others {sample['foreign_share']:.1%})",
        file=sys.stderr,
    )


main()
