"""Runs shopblast, asks psql and redis-cli meanwhile, and lays both side by side."""

import argparse
import csv
import datetime
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

# What waits in an outbox, by the database's clock, again and again in one session.
OUTBOX = """SET default_transaction_read_only = on;
SELECT extract(epoch FROM clock_timestamp()),
    count(*) FILTER (WHERE upper(status) IN ('PENDING', 'PROCESSING')) FROM outbox \\watch 0.25
"""
# What each consumer group has not done, by Redis's own clock: a line a group.
GROUPS = """
local out = {}
local time = redis.call('TIME')
out[1] = string.format('T %d.%06d', time[1], time[2])
local cursor = '0'
repeat
  local page = redis.call('SCAN', cursor, 'MATCH', '*::*', 'COUNT', 1000, 'TYPE', 'stream')
  cursor = page[1]
  for _, stream in ipairs(page[2]) do
    if not (string.find(stream, ':dlq$') or string.find(stream, ':backfill$')) then
      for _, group in ipairs(redis.call('XINFO', 'GROUPS', stream)) do
        local of = {}
        for place = 1, #group, 2 do of[group[place]] = group[place + 1] end
        out[#out + 1] = stream .. ' ' .. of['name'] .. ' ' .. of['pending'] .. ' ' .. tostring(of['lag'])
      end
    end
  end
until cursor == '0'
return out
"""
# A reading is asked for at a whole second; it may come so much later, beside the time it takes itself.
SLACK_S = 0.35


def here(text):
    address = urlsplit(text)
    if address.hostname not in ("127.0.0.1", "localhost", "::1"):
        sys.exit("all addresses have to be on this machine")
    return text


def arguments():
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--redis", required=True, type=here)
    parser.add_argument("--outbox", action="append", default=[])
    parser.add_argument("--moments", type=int, default=10)
    parser.add_argument("--csv")
    own, _, run = (sys.argv[1:], [], [])
    if "--" in own:
        place = own.index("--")
        own, run = own[:place], own[place + 1 :]
    known = parser.parse_args(own)
    if not run:
        sys.exit("name the run after `--`")
    known.run = run
    known.outboxes = {}
    for outbox in known.outbox:
        domain, _, url = outbox.partition("=")
        # SQLAlchemy's spelling of the driver is nothing that psql knows.
        scheme, _, rest = here(url).partition("://")
        known.outboxes[domain] = scheme.split("+")[0] + "://" + rest
    return known


class Truth:
    """psql and redis-cli, asked until they are stopped: rows wait for seconds, what a consumer has in
    hand for some milliseconds."""

    def __init__(self, known, directory):
        self.domains = set(known.outboxes)
        self.files, self.processes = {}, []
        environment = dict(os.environ, PGCONNECT_TIMEOUT="5", PGAPPNAME="backlog-truth")
        for domain, url in known.outboxes.items():
            self.begin(domain, ["psql", "-XAtq", "-F", " ", url], directory, OUTBOX, environment)
        redis = ["redis-cli", "-u", known.redis, "--raw", "-r", "-1", "-i", "0.05"]
        self.begin("", [*redis, "EVAL", GROUPS, "0"], directory, None, environment)

    def begin(self, name, command, directory, text, environment):
        path = Path(directory, f"truth-{name or 'redis'}")
        self.files[name] = path
        with path.open("w") as file:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=file, env=environment, text=True
            )
        if text:
            process.stdin.write(text)
        process.stdin.flush()
        self.processes.append(process)

    def stop(self):
        for process in self.processes:
            process.terminate()
            process.wait(10)

    def outboxes(self):
        """By domain, (moment, rows that wait)."""
        return {
            domain: [
                (float(words[0]), float(words[1]))
                for words in map(str.split, self.files[domain].read_text().splitlines())
                if len(words) == 2
            ]
            for domain in self.domains
        }

    def groups(self):
        """By domain of the consumer, its groups: each (moment, messages that it has not done)."""
        series, moment = {domain: {} for domain in self.domains}, None
        for line in self.files[""].read_text().splitlines():
            words = line.split(" ")
            if words[0] == "T":
                moment = float(words[1])
            elif moment is not None and len(words) == 4:
                stream, group, pending, lag = words
                domain = group.split(".")[0]
                domain = domain if domain in self.domains else stream.split("::")[0]
                if domain in series:
                    of_group = series[domain].setdefault((stream, group), [])
                    undone = float(pending) + float(lag if lag.isdigit() else 0)
                    of_group.append((moment, undone))
        return series


def between(series, begin, end):
    """The smallest and largest value from the last one before `begin` to the first after `end`."""
    inside = [value for moment, value in series if begin <= moment <= end]
    before = [value for moment, value in series if moment < begin][-1:]
    after = [value for moment, value in series if moment > end][:1]
    values = inside + before + after
    return (min(values), max(values)) if values else None


def between_each(groups, begin, end):
    """The same for a sum over groups. A reading takes them one after the other, so that each may
    have been read at any moment of it."""
    spans = [between(series, begin, end) for series in groups.values()]
    spans = [span for span in spans if span is not None]
    return (sum(low for low, _ in spans), sum(high for _, high in spans))


def main():
    known = arguments()
    with tempfile.TemporaryDirectory() as directory:
        truth = Truth(known, directory)
        try:
            results = ["--results", str(Path(directory, "results"))]
            command = [os.environ["SHOPBLAST"], *known.run, *results]
            ended = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        finally:
            truth.stop()
        records = list(Path(directory, "results").glob("*/run.json"))
        if not records:
            sys.exit(f"the run was not recorded (exit code {ended.returncode})")
        record = json.loads(records[0].read_text())
        with records[0].with_name("observed.csv").open(newline="") as file:
            told = [row for row in csv.DictReader(file) if row["metric"] == "backlog"]
        rows = compare(known, record, told, truth.outboxes(), truth.groups())
    report(known, record, rows)
    if not rows or any(not row["agrees"] for row in rows):
        sys.exit(1)


def compare(known, record, told, outboxes, groups):
    started = datetime.datetime.fromisoformat(record["started"].replace("Z", "+00:00"))
    start_s = started.timestamp()
    took = {source["name"]: source["slowest_ms"] / 1e3 for source in record["observed"]["sources"]}
    end_s = record["measured_s"]
    # The moments at which most was told, apart from each other as evenly as they come.
    seconds = sorted({int(row["second"]) for row in told if 0 < int(row["second"]) < end_s})
    step = max(1, len(seconds) // known.moments)
    chosen = seconds[step - 1 :: step][: known.moments]
    rows = []
    for row in told:
        second, domain = int(row["second"]), row["domain"]
        if second not in chosen or domain not in known.outboxes:
            continue
        sources = row["source"].split(" + ")
        begin = start_s + second - SLACK_S
        end = start_s + second + max(took[source] for source in sources) + SLACK_S
        waiting = between(outboxes[domain], begin, end)
        undone = between_each(groups[domain], begin, end)
        if waiting is None:
            continue
        low, high = waiting[0] + undone[0], waiting[1] + undone[1]
        value = float(row["value"])
        within = value <= high if row["at_least"] == "true" else low <= value <= high
        rows.append(
            {
                "second": second,
                "domain": domain,
                "told": value,
                "at_least": row["at_least"],
                "outbox": waiting,
                "consumers": undone,
                "low": low,
                "high": high,
                "agrees": within,
                "source": row["source"],
            }
        )
    return rows


def span(low, high):
    return f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"


def report(known, record, rows):
    print("| second | domain | told | in the stores | outbox | consumers | agrees | told by |")
    print("|---|---|---|---|---|---|---|---|")
    for row in rows:
        if row["told"] == 0 and row["high"] == 0:
            continue
        told = f"{'≥ ' if row['at_least'] == 'true' else ''}{row['told']:.0f}"
        cells = [
            row["second"],
            row["domain"],
            told,
            span(row["low"], row["high"]),
            span(*row["outbox"]),
            span(*row["consumers"]),
            "yes" if row["agrees"] else "**no**",
            row["source"],
        ]
        print("| " + " | ".join(map(str, cells)) + " |")
    agree = sum(row["agrees"] for row in rows)
    moments = len({row["second"] for row in rows})
    zero = sum(row["told"] == 0 and row["high"] == 0 for row in rows)
    print(
        f"\n{agree} of {len(rows)} figures at {moments} moments agree with psql and redis-cli"
        f" ({zero} of them 0 and 0, not shown); {record['totals']['requests']} requests in"
        f" {record['measured_s']:.0f} s"
    )
    if known.csv:
        with open(known.csv, "w", newline="") as file:
            writer = csv.DictWriter(file, fieldnames=list(rows[0]) if rows else ["second"])
            writer.writeheader()
            writer.writerows(rows)


main()
