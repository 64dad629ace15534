"""Runs shopblast and reads its resident size once a second; appends one line of JSON to the samples.

Usage: watch_memory.py --samples FILE --users N --seconds N --work DIR -- COMMAND...
"""

import argparse
import json
import shutil
import sys
import time
from pathlib import Path

from client_process import ClientProcess, read_record


def memory_kib(pid: int) -> tuple[int, int] | None:
    """Resident size and its peak (proc_pid_status(5)); `None` once the process has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except ProcessLookupError:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmRSS" not in fields:
        return None
    return int(fields["VmRSS"].split()[0]), int(fields["VmHWM"].split()[0])


def resident_by_second(client: ClientProcess) -> tuple[list[int], int]:
    """Resident size of each second, and the highest peak, in KiB."""
    resident = []
    peak = 0
    while not client.has_ended():
        if (memory := memory_kib(client.pid)) is not None:
            peak = memory[1]
            if time.monotonic() - client.started >= len(resident) + 1:
                resident.append(memory[0])
        time.sleep(0.1)
    return resident, peak


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--samples", type=Path, required=True)
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--seconds", type=int, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()

    results = asked.work / "record"
    shutil.rmtree(results, ignore_errors=True)
    command = [part.replace("@RESULTS@", str(results)) for part in asked.command]
    client = ClientProcess(command, asked.work / "client.out", asked.seconds + 90)
    resident, peak = resident_by_second(client)
    exit_code, _ = client.reap()
    if exit_code != 0:
        client.fail(f"exit code {exit_code}")
    record = read_record(results)
    if record["peak_users"] != asked.users or record["connections"]["opened"] < asked.users:
        client.fail(f"only {record['peak_users']} users were active, {record['connections']['opened']} connections open")

    sample = {
        "part": "memory",
        "command": asked.command,
        "users": asked.users,
        "seconds": asked.seconds,
        "resident_kib": resident,
        "peak_kib": peak,
        "requests_per_s": record["totals"]["requests_per_s"],
        "failed": record["totals"]["requests"] - record["totals"]["success"],
    }
    with open(asked.samples, "a", encoding="utf-8") as file:
        file.write(json.dumps(sample) + "\n")
    print(f"  memory: {asked.users} users, {asked.seconds} s, peak {peak * 1024 / 1e6:.1f} MB", file=sys.stderr)


main()
