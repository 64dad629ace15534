"""Kills what scripts/kills.sh starts, and looks at what is left."""

import collections
import csv
import io
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as xml

BINARY = os.environ["BINARY"]
KILLS = int(os.environ.get("KILLS", 200))
LONGEST_S = float(os.environ.get("LONGEST", 8))
SEED = int(os.environ.get("SEED") or random.randrange(1 << 32))
GRACE_S = float(os.environ.get("GRACE", 1))
# However long a busy machine needs.
STARTING_S, REPORTING_S = 60, 600
KEEP = os.environ.get("KEEP")
FAULTS = ["--sandbox", "--bug", "oversell=0.5", "--bug", "lost-update=0.5", "--chaos", "reset=0.01"]
USERS = ["-u", "8", "-r", "100", "--pacing", "max", "-t", "10m"]
# What is started, by name; `{}` is where it records.
STARTED = {
    "run": ["RaceConditionUser", *USERS, *FAULTS, "--no-tui", "--results", "{}"],
    "flash sale": ["FlashSaleUser", *USERS, *FAULTS, "--no-tui", "--results", "{}"],
    "hunt": ["hunt", "RaceConditionUser", *FAULTS, "--window", "2", "--results", "{}"],
    "comparison": [
        *["compare", "--run", "one=", "--run", "two=", "--repetitions", "4", "--output", "{}/out", "--"],
        *["RaceConditionUser", "-u", "8", "-r", "100", "--pacing", "max", "-t", "2s", *FAULTS],
    ],
    "page": [
        *["--web", "--web-port", "0", "--autostart", "RaceConditionUser", *USERS, *FAULTS],
        *["--results", "{}"],
    ],
}
FORMATS = ["html", "md", "csv", "json", "summary", "junit", "hgrm"]


def descendants(number):
    """Numbers of all processes below one."""
    try:
        text = pathlib.Path(f"/proc/{number}/task/{number}/children").read_text()
    except OSError:
        return []
    children = [int(child) for child in text.split()]
    return children + [below for child in children for below in descendants(child)]


def is_alive(number):
    try:
        stat = pathlib.Path(f"/proc/{number}/stat").read_text()
    except OSError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def whole_lines(path):
    """Lines that have their end."""
    try:
        text = path.read_bytes()
    except OSError:
        return []
    return text[: text.rfind(b"\n") + 1].decode("utf-8", "replace").splitlines()


def table(path):
    lines = whole_lines(path)
    if not lines:
        return []
    width = len(lines[0].split(","))
    return [row for row in csv.DictReader(lines) if len(row) == width and None not in row.values()]


def report(record, kind):
    """What `shopblast report` makes of it: exit code, text and complaints."""
    made = subprocess.run(
        [BINARY, "report", str(record), "--format", kind, "--out", "-"],
        capture_output=True,
        text=True,
        timeout=REPORTING_S,
    )
    return made.returncode, made.stdout, made.stderr


class Look:
    """At one record."""

    def __init__(self, record, killed_at):
        self.record, self.wrong = record, []
        run = json.loads((record / "run.json").read_text())
        self.is_finished = run["finished"]
        self.texts = {}
        for kind in FORMATS:
            code, text, complaints = report(record, kind)
            self.texts[kind] = text
            if code != 0:
                self.wrong.append(f"{kind}: {code}: {complaints.strip()}")
        self.violations = self.look_at_violations()
        self.age_s = self.look_at_figures(run, killed_at)

    def look_at_violations(self):
        """Every rule of the ledger is violated in the report."""
        ledger = whole_lines(self.record / "ledger.jsonl")
        lines = [json.loads(line) for line in ledger]
        if not lines:
            return 0
        rules = collections.Counter(line["rule"] for line in lines)
        told = {}
        for case in xml.fromstring(self.texts["junit"]).iter("testcase"):
            told[case.get("name").split(":")[0]] = [child.tag for child in case]
        broken = {}
        for line in self.texts["md"].splitlines():
            cells = [cell.strip() for cell in line.strip("|").split("|")]
            if len(cells) == 5 and cells[3].isdigit():
                broken[cells[1].replace("\\", "")] = int(cells[3])
        for rule, count in rules.items():
            if not {"failure", "skipped"} & set(told.get(rule, [])):
                self.wrong.append(f"{rule} is violated {count} times, JUnit's cases say {told.get(rule)}")
            if broken.get(rule, 0) < count:
                self.wrong.append(f"{rule} is violated {count} times, Markdown says {broken.get(rule)}")
            if rule not in self.texts["html"]:
                self.wrong.append(f"{rule} is violated {count} times and not on the page")
        return len(lines)

    def look_at_figures(self, run, killed_at):
        """The report has all that is in the record; gives how old that was when it was killed."""
        series = table(self.record / "series.csv")
        if not series:
            return None
        requests = sum(int(row["requests"]) for row in series)
        rows = list(csv.DictReader(io.StringIO(self.texts["csv"])))
        told = [int(row["Request Count"]) for row in rows if row["Name"] == "Aggregated"]
        if not told or told[0] < requests:
            self.wrong.append(f"the series have {requests} requests, the report {told}")
        end_s = float(series[-1]["second"]) + float(series[-1]["length_s"])
        if self.is_finished:
            return None
        # It is written after them, and so a second behind when it was killed between.
        if end_s - run["measured_s"] > 1.001:
            self.wrong.append(f"run.json is of {run['measured_s']} s, the series of {end_s} s")
        distribution = table(self.record / "distribution.csv")
        whole = [row for row in distribution if row["kind"] == "response" and not row["name"]]
        last = int(series[-1]["requests"])
        if whole and int(whole[0]["count"]) < requests - last:
            self.wrong.append(f"distribution.csv has {whole[0]['count']} of {requests} requests")
        if killed_at is None:
            return None
        newest = max(file.stat().st_mtime for file in self.record.iterdir())
        return killed_at - newest


def wait_for_a_record(place, process):
    """However long a busy machine needs to begin."""
    give_up = time.monotonic() + STARTING_S
    while process.poll() is None and time.monotonic() < give_up:
        if next(place.rglob("run.json"), None):
            return
        time.sleep(0.02)


def one(kind, place, moment_s, while_starting):
    """Starts, waits, kills and looks."""
    log = open(place / "log", "wb")
    arguments = [argument.replace("{}", str(place / "results")) for argument in STARTED[kind]]
    begun = time.time()
    process = subprocess.Popen(
        [BINARY, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    if not while_starting:
        wait_for_a_record(place, process)
    time.sleep(moment_s)
    below = descendants(process.pid)
    early = process.poll()
    process.send_signal(signal.SIGKILL)
    killed_at = time.time()
    process.wait()
    give_up = time.monotonic() + 20
    while (left := [it for it in below if is_alive(it)]) and time.monotonic() < give_up:
        time.sleep(0.05)
    for it in left:
        os.kill(it, signal.SIGKILL)
    wrong = [f"{len(left)} processes run on"] if left else []
    if early is not None:
        wrong.append(f"ended with {early} before it was killed")
    looks, empty = [], 0
    directories = {file.parent for file in place.rglob("series.csv")}
    directories |= {file.parent for file in place.rglob("run.json")}
    for record in sorted(directories):
        if not (record / "run.json").exists():
            empty += 1
            if report(record, "md")[0] != 0:
                wrong.append(f"{record.name} has no run.json, and cannot be reported")
            continue
        looks.append(Look(record, killed_at))
        wrong += [f"{record.name}: {word}" for word in looks[-1].wrong]
    log.close()
    return {
        "wrong": wrong,
        "records": len(directories),
        "violations": sum(look.violations for look in looks),
        "ages": [look.age_s for look in looks if look.age_s is not None],
        "took": time.time() - begun,
        "left": empty,
    }


def main():
    chance = random.Random(SEED)
    print(f"# {KILLS} kills, seed {SEED}\n")
    sums = {kind: collections.Counter() for kind in STARTED}
    ages, wrong, old = [], [], 0
    for number in range(KILLS):
        kind = list(STARTED)[number % len(STARTED)]
        # Some before there is anything to be lost.
        while_starting = chance.random() < 0.2
        moment_s = chance.uniform(0, 1 if while_starting else LONGEST_S)
        place = pathlib.Path(tempfile.mkdtemp(prefix="kill-"))
        found = one(kind, place, moment_s, while_starting)
        ages += found["ages"]
        if late := [age for age in found["ages"] if age > 1 + GRACE_S]:
            old += 1
            found["wrong"].append(f"nothing was written for {max(late):.1f} s before the kill")
        sums[kind].update(kills=1, records=found["records"], violations=found["violations"])
        sums[kind]["wrong"] += bool(found["wrong"])
        for word in found["wrong"]:
            wrong.append(f"{number} ({kind}, after {moment_s:.2f} s): {word}")
            print(wrong[-1], file=sys.stderr, flush=True)
        if found["wrong"] and KEEP:
            shutil.copytree(place, pathlib.Path(KEEP) / str(number), dirs_exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        print(f"{number + 1} of {KILLS}: {kind}, {found['records']} records", file=sys.stderr, flush=True)
    print("| Killed | Kills | Records | Lines of their ledgers | Kills with something wrong |")
    print("|---|---|---|---|---|")
    for kind, sum_ in sums.items():
        print(f"| {kind} | {sum_['kills']} | {sum_['records']} | {sum_['violations']} | {sum_['wrong']} |")
    ages.sort()
    if ages:
        middle, most = ages[len(ages) // 2], ages[-1]
        print(f"\nLast write before the kill: {middle:.2f} s (median), {most:.2f} s (most); {old} kills above {1 + GRACE_S:g} s.")
    for word in wrong:
        print(f"\n- {word}")
    sys.exit(1 if wrong else 0)


main()
