"""Runs the loads of scripts/soak.sh, samples their processes and judges what grew."""

import contextlib
import csv
import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import browser
import stores

BINARY = os.environ["BINARY"]
MINUTES = float(os.environ.get("MINUTES", 30))
SAMPLE_S = float(os.environ.get("SAMPLE", 60))
RELOAD_S = float(os.environ.get("RELOAD", 5))
RETAIN = os.environ.get("RETAIN", "2000")
FLOOD = ["EventFloodUser", "-u", os.environ.get("FLOOD_USERS", "50"), "-r", "10"]
FLOOD += ["--pacing", os.environ.get("PACING", "class")]
LOADS = {"flood": FLOOD, "endurance": ["--profile", "endurance"]}
# Of the second half: memory may grow by this share, or these KiB (charts of a live run keep two hours);
# descriptors and threads by this many; what is written between two samples by this share, from its first
# half to its last one.
RSS_SHARE, RSS_KIB = 0.03, 2048
FEW = 2
DISK_SHARE = 0.10
COLUMNS = ["minute", "process", "rss_kib", "descriptors", "threads", "disk_bytes"]


def say(text):
    print(text, file=sys.stderr, flush=True)


def disk_bytes(place):
    """Bytes of all files below `place`; one that goes meanwhile has none."""
    total = 0
    for file in pathlib.Path(place).rglob("*"):
        with contextlib.suppress(OSError):
            total += file.stat().st_size
    return total


def sample(number, place):
    """Memory, descriptors and threads of a process, and what it has written."""
    status = dict(
        line.split(":", 1) for line in pathlib.Path(f"/proc/{number}/status").read_text().splitlines()
    )
    descriptors = len(os.listdir(f"/proc/{number}/fd"))
    rss_kib = int(status["VmRSS"].split()[0])
    return [rss_kib, descriptors, int(status["Threads"]), disk_bytes(place) if place else 0]


def slope(points):
    """Least squares, a unit of x."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def judge(rows):
    """Lines of the report, and whether everything is flat in the second half."""
    is_flat, lines = True, []
    for process in dict.fromkeys(row[1] for row in rows):
        own = [row for row in rows if row[1] == process]
        half = [row for row in own if row[0] >= own[-1][0] / 2]
        minutes = half[-1][0] - half[0][0]

        def grown(column):
            return slope([(row[0], row[column]) for row in half]) * minutes

        mean_kib = sum(row[2] for row in half) / len(half)
        bounds = [max(RSS_SHARE * mean_kib, RSS_KIB), FEW, FEW]
        growths = [grown(2), grown(3), grown(4)]
        names = ["RSS (KiB)", "descriptors", "threads"]
        for name, column, growth, bound in zip(names, (2, 3, 4), growths, bounds):
            good = growth <= bound
            is_flat &= good
            ends = f"{own[0][column]} | {half[0][column]} | {own[-1][column]}"
            word = "flat" if good else "GROWS"
            lines.append(f"| {process} | {name} | {ends} | {growth:+.1f} | {bound:.0f} | {word} |")
        written = [b[5] - a[5] for a, b in zip(half, half[1:])]
        if half[-1][5] and len(written) > 3:
            # Medians: a machine that stalls writes less for a minute or two.
            middle = len(written) // 2
            before, after = statistics.median(written[:middle]), statistics.median(written[middle:])
            growth, bound = after - before, DISK_SHARE * before
            good = growth <= bound
            is_flat &= good
            word = "flat" if good else "GROWS"
            ends = f"{own[1][5] - own[0][5]} | {before:.0f} | {after:.0f}"
            lines.append(
                f"| {process} | bytes a sample | {ends} | {growth:+.0f} | {bound:.0f} | {word} |"
            )
    return lines, is_flat


def answer(url):
    with urllib.request.urlopen(url, timeout=30) as reply:
        return reply.read()


class Load:
    """A sandbox, a page that loads it, and where that records."""

    def __init__(self, name, line, observers, place):
        self.name, self.place = name, os.path.join(place, name)
        port, page, observatory = (stores.free_port() for _ in range(3))
        self.url = f"http://127.0.0.1:{page}"
        sandbox = ["sandbox", "--port", str(port), "--retain", RETAIN, "--drain-rate", "unlimited"]
        self.sandbox = stores.quiet(BINARY, *sandbox, "--observatory-port", str(observatory))
        host = f"http://127.0.0.1:{port}"

        def listens(address):
            with contextlib.suppress(OSError):
                return bool(answer(address))

        stores.wait_for("the sandbox", lambda: listens(f"{host}/health"))
        where = ["--web", "--web-port", str(page), "--autostart", "--results", self.place, "-H", host]
        observers = [*observers, "--observatory", f"http://127.0.0.1:{observatory}"]
        length = ["-t", f"{MINUTES * 60 + 300:.0f}s"]
        self.log = open(os.path.join(place, f"{name}.log"), "w", encoding="utf-8")
        self.shopblast = subprocess.Popen(
            [BINARY, *line, *length, *where, *observers],
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        stores.wait_for("the page", lambda: listens(self.url + "/stats/requests"))

    def samples(self):
        yield self.name, sample(self.shopblast.pid, self.place)
        yield f"{self.name}'s sandbox", sample(self.sandbox.pid, None)

    def end(self):
        """Ends as Ctrl-C does; the record then."""
        self.shopblast.send_signal(signal.SIGINT)
        try:
            code = self.shopblast.wait(60)
        finally:
            self.shopblast.kill()
            stores.ends(self.sandbox)
            self.log.close()
        if code not in (0, 1, 105):
            raise RuntimeError(f"{self.name} ended with {code}")
        (run_json,) = pathlib.Path(self.place).glob("*/run.json")
        return json.loads(run_json.read_text())


def follow(loads, shown, table):
    """Samples until the time is over."""
    rows, reloads = [], 0
    begun = time.monotonic()
    next_sample = next_reload = begun
    while (now := time.monotonic()) < begun + MINUTES * 60 + 1:
        if shown and now >= next_reload:
            shown.reload()
            reloads += 1
            next_reload = now + RELOAD_S
        if now >= next_sample:
            for load in loads:
                for process, figures in load.samples():
                    row = [round((now - begun) / 60, 3), process, *figures]
                    rows.append(row)
                    table.writerow(row)
                    say(" ".join(map(str, row)))
            next_sample += SAMPLE_S
        time.sleep(0.2)
    return rows, reloads


def soak(place, out):
    with contextlib.ExitStack() as stack:
        observers = stack.enter_context(stores.redis()) + stack.enter_context(stores.postgres())
        loads = []
        for name, line in LOADS.items():
            loads.append(Load(name, line, observers, place))
            stack.callback(loads[-1].shopblast.kill)
            stack.callback(loads[-1].sandbox.kill)
        path = browser.program()
        shown = None
        if path:
            shown = browser.Browser(path)
            stack.callback(shown.close)
            for load in loads:
                shown.open(load.url)
        table = csv.writer(out)
        table.writerow(COLUMNS)
        rows, reloads = follow(loads, shown, table)
        titles = shown.titles() if shown else []
        records = {load.name: load.end() for load in loads}
    words = [flag.strip("-") for flag in observers[::2]] + ["observatory"]
    print(f"# Soak of {MINUTES:g} minutes\n")
    print(f"Observed: {', '.join(words)}. Reloads: {reloads}. Pages at the end: {titles}.\n")
    are_sound = True
    for name, record in records.items():
        requests, failed = record["totals"]["requests"], record["totals"]["failures"]
        sources = (record.get("observed") or {}).get("sources", [])
        problems = [f"{it['name']}: {it['problems']}" for it in sources if it.get("problems")]
        are_sound &= requests > 0 and record["finished"] and not record.get("losses")
        print(f"- {name}: {requests} requests, {failed} failures, peak {record['peak_users']} users;", end=" ")
        print(f"problems of observers: {problems or 'none'}")
    lines, is_flat = judge(rows)
    print("\n| Process | What | Begin | Half | End | Growth of the second half | Bound | |")
    print("|---|---|---|---|---|---|---|---|")
    print("\n".join(lines))
    return is_flat and are_sound


def main():
    out = pathlib.Path(os.environ["OUT"])
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place, out.open("w", newline="", encoding="utf-8", buffering=1) as file:
        is_good = soak(place, file)
    print(f"\nAll samples: {out}. {'Everything is flat.' if is_good else 'NOT FLAT.'}")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
