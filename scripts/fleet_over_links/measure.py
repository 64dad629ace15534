"""One run over hosts behind links, case by case; prints a table in Markdown, and exits with 1 when a case ends
otherwise than it must."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from hosts import CENTRE, Hosts

BINARY = os.environ["BINARY"]
RATE_PER_HOST = int(os.environ.get("RATE_PER_HOST", 50))
SECONDS_RUN = int(os.environ.get("SECONDS_RUN", 5))
REDIS_PORT, TARGET_PORT = 21590, 21591
SERVER = pathlib.Path(__file__).with_name("counting_server.py")
# name, hosts, delay in ms, jitter in ms, share of frames lost, what else happens
CASES = (
    ("1 host, 1 ms", 1, 1, 0.2, 0, None),
    ("2 hosts, 1 ms", 2, 1, 0.2, 0, None),
    ("4 hosts, 20 ms", 4, 20, 2, 0, None),
    ("8 hosts, 1 ms", 8, 1, 0.2, 0, None),
    ("4 hosts, 20 ms, 1 % lost", 4, 20, 2, 0.01, None),
    ("2 hosts, one clock 3 s ahead", 2, 1, 0.2, 0, "skew"),
    ("4 hosts, a link cut for 10 s", 4, 1, 0.2, 0, "cut"),
    ("4 hosts, a link cut for good", 4, 1, 0.2, 0, "cut for good"),
)


class Case:
    def __init__(self, name, hosts, delay_ms, jitter_ms, loss, event):
        self.name, self.count, self.event = name, hosts, event
        self.hosts = Hosts(hosts, delay_ms, jitter_ms, loss)
        self.seconds = SECONDS_RUN + (15 if self.is_cut() else 0)
        self.rate = RATE_PER_HOST * hosts
        self.problems = []

    def is_cut(self):
        return self.event in ("cut", "cut for good")

    def carry_out(self, work):
        with self.hosts:
            self.serve(work)
            joins = [self.join(work, number) for number in range(1, self.count + 1)]
            leader = self.lead(work)
            if self.is_cut():
                self.cut_a_link()
            code = leader.wait(timeout=120)
            told = self.told()
            for join in joins:
                join.wait(timeout=60)
            time.sleep(1)
            self.judge(work, code, told, self.told())

    def serve(self, work):
        centre = self.hosts.centre
        words = ["redis-server", "--bind", "0.0.0.0", "--port", REDIS_PORT, "--save", "", "--protected-mode", "no"]
        with open(work / "redis.log", "w") as log:
            self.hosts.start(centre, [*words, "--dir", work], stdout=log, stderr=log)
        server = self.hosts.start(
            centre, [sys.executable, SERVER, "0.0.0.0", TARGET_PORT], stdout=subprocess.PIPE, text=True
        )
        server.stdout.readline()

    def join(self, work, number):
        skewed = self.event == "skew" and number == 2
        # Its monotonic clock is another one then, as on another machine.
        first = ["unshare", "--time", "--monotonic", "3", "--fork", "--kill-child"] if skewed else []
        words = [*first, BINARY, "fleet", "join", "--redis", f"redis://{CENTRE}:{REDIS_PORT}", "--run", "links"]
        words += ["--cores", "1", "--oversubscribe", "--results", work / f"join{number}", "--wait", "60s"]
        with open(work / f"join{number}.log", "w") as log:
            return self.hosts.start(self.hosts.hosts[number - 1], words, stdout=log, stderr=log)

    def lead(self, work):
        words = [BINARY, "fleet", "run", "--redis", f"redis://{CENTRE}:{REDIS_PORT}", "--run", "links"]
        words += ["--shards", self.count, "--url", f"http://{CENTRE}:{TARGET_PORT}/page", "--rate", self.rate]
        words += ["--connections", 20 * self.count, "-t", f"{self.seconds}s", "--results", work / "led", "--no-preflight"]
        with open(work / "leader.log", "w") as log:
            return self.hosts.start(self.hosts.centre, words, stdout=log, stderr=log)

    def cut_a_link(self):
        deadline = time.monotonic() + 60
        while self.told()["requests"] < self.rate:
            if time.monotonic() > deadline:
                self.problems.append("the load did not begin")
                return
            time.sleep(0.1)
        self.hosts.cut_or_mend(2)
        if self.event == "cut":
            time.sleep(10)
            self.hosts.cut_or_mend(2)

    def told(self):
        asked = self.hosts.run(
            self.hosts.centre,
            [sys.executable, "-c", f"import urllib.request as r; print(r.urlopen('http://{CENTRE}:{TARGET_PORT}/told').read().decode())"],
        )
        told = json.loads(asked.stdout)
        # Each host has looked once what the target is, before it prepared.
        return {**told, "requests": max(0, told["requests"] - self.count)}

    def judge(self, work, code, at_end, later):
        paths = list((work / "led").glob("*/run.json"))
        if len(paths) != 1:
            self.problems.append(f"{len(paths)} records")
            self.row = (self.name, code, "–", later["requests"], "–", "–")
            return
        record = json.loads(paths[0].read_text())
        totals, shards = record["totals"], record["shards"]
        sent = totals["requests"]
        planned = self.rate * self.seconds
        if later["requests"] != at_end["requests"]:
            self.problems.append("requests came after the end")
        if self.event == "cut for good":
            # A lost host's part ends with the last second that it told of.
            if not sent <= later["requests"] <= sent + 10 * RATE_PER_HOST or code != 95:
                self.problems.append(f"exit code {code}, {sent} recorded, {later['requests']} came")
        elif self.event == "cut":
            # What was in flight when the link was cut may have come, or not, and is told as unknown.
            answered = sent - totals["unknown"] - totals["failed"]
            if not answered <= later["requests"] <= sent:
                self.problems.append(f"{later['requests']} came, of {answered} answered and {sent} sent")
            if code not in (0, 95, 1):
                self.problems.append(f"exit code {code}")
        else:
            if sent != planned or later["requests"] != planned:
                self.problems.append(f"{planned} were due, {sent} recorded, {later['requests']} came")
            if code != 0:
                self.problems.append(f"exit code {code}")
        if len(shards) != self.count:
            self.problems.append(f"{len(shards)} shards in the record")
        bounds = [shard["clock"]["bound_us"] for shard in shards if shard.get("clock")]
        starts = [shard["started_after_s"] * 1e6 for shard in shards]
        self.row = (
            self.name,
            code,
            sent,
            later["requests"],
            f"{max(bounds):.0f} µs" if bounds else "–",
            f"{max(starts):.0f} µs" if starts else "–",
        )


def main():
    os.environ.setdefault("SHOPBLAST_FLEET_SECRET", "links-and-hosts-of-one-machine")
    wanted = [name for name in os.environ.get("ONLY", "").split(";") if name]
    missed = []
    print("| Case | exit code | requests in the record | at the target | bound of the clocks | starts apart |")
    print("|---|---:|---:|---:|---:|---:|", flush=True)
    for case in (Case(*case) for case in CASES if not wanted or case[0] in wanted):
        with tempfile.TemporaryDirectory() as directory:
            work = pathlib.Path(directory)
            case.carry_out(work)
            print("| " + " | ".join(map(str, case.row)) + " |", flush=True)
            if case.problems:
                missed.append(f"{case.name}: {'; '.join(case.problems)}")
                for log in sorted(work.glob("*.log")):
                    print(f"--- {log.name}\n{log.read_text()[-1500:]}", file=sys.stderr)
    for miss in missed:
        print(f"\nMISSED: {miss}")
    sys.exit(1 if missed else 0)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
main()
