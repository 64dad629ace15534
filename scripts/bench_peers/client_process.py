"""A client under measurement: stopped with us, accounted to the end."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


class ClientProcess:
    """A running client. Its output goes to a file, so that a full pipe cannot hold it up."""

    def __init__(self, command: list[str], output: Path, longest_s: float):
        self.command = command
        self.output = output
        self.longest_s = longest_s
        with open(output, "wb") as file:
            self.started = time.monotonic()
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file
            )
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._end)

    @property
    def pid(self) -> int:
        return self.process.pid

    def _end(self, number: int, _frame: object) -> None:
        self.process.kill()
        sys.exit(128 + number)

    def has_ended(self) -> bool:
        """Whether it has ended, without reaping it; kills it when it takes too long."""
        if time.monotonic() - self.started > self.longest_s:
            self.process.kill()
            self.fail(f"did not end within {self.longest_s:.0f} s")
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def reap(self) -> tuple[int, "os.struct_rusage"]:
        """Waits for the end; the exit code, and what the whole process has used."""
        while not self.has_ended():
            time.sleep(0.02)
        _, status, usage = os.wait4(self.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        return self.process.returncode, usage

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def fail(self, what: str) -> None:
        """Ends the measurement with what the client said."""
        sys.exit(f"error: {' '.join(self.command)}\n{what}; its output:\n{self.text()[-2000:]}")


def process_cpu_s(pid: int) -> float:
    """CPU time of all threads of a running process, to the nanosecond."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total_ns += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total_ns / 1e9


def process_switches(pid: int) -> int:
    """Times that a thread of a running process went to sleep of its own accord."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        status = (task / "status").read_text(encoding="ascii", errors="replace")
        total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE).group(1))
    return total


def idle_entries(cpu: int) -> int | None:
    """Times that a CPU was halted for want of work; `None` where the kernel does not count them."""
    states = list(Path(f"/sys/devices/system/cpu/cpu{cpu}/cpuidle").glob("state*/usage"))
    return sum(int(usage.read_text(encoding="ascii")) for usage in states) if states else None


def machine_cpu_s() -> tuple[float, float]:
    """Busy and stolen time of all CPUs since boot (proc_stat(5))."""
    with open("/proc/stat", encoding="ascii") as file:
        fields = [int(field) * TICK_S for field in file.readline().split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = fields
    return user + nice + system + irq + softirq, steal


def read_record(results: Path) -> dict:
    """The one record below `results`."""
    records = list(results.glob("*/run.json"))
    if len(records) != 1:
        sys.exit(f"error: {len(records)} records below {results}, where one was expected")
    return json.loads(records[0].read_text(encoding="utf-8"))
