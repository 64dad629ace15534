"""Reads the records and the arrivals of scripts/bench-races.sh, prints the table and judges the
bounds."""

import csv
import json
import pathlib
import re
import sys

work, crowd = pathlib.Path(sys.argv[1]), int(sys.argv[2])
# Races whose requests the server can tell apart from those of other races: one path a race.
PATHS = {
    "double-suspend": (2, r"PUT /customers/[^/]+/suspend"),
    "concurrent-checkout": (3, r"POST /carts/[^/]+/checkout"),
    "concurrent-refunds": (3, r"POST /payments/[^/]+/refund"),
    "eleven-addresses": (11, r"POST /customers/[^/]+/addresses"),
    "last-pieces": (12, r"POST /inventory/[^/]+/reserve"),
}


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def arrivals(name):
    by_path = {}
    with open(work / f"{name}.arrivals", newline="") as file:
        for row in csv.DictReader(file):
            by_path.setdefault(f"{row['method']} {row['path']}", []).append(int(row["arrived_ns"]))
    return by_path


def server_spreads(by_path, racers, pattern):
    """First to last of the first `racers` arrivals at each path, in µs."""
    pattern = re.compile(pattern)
    for path, times in by_path.items():
        if pattern.fullmatch(path) and len(times) >= racers:
            times = sorted(times)[:racers]
            yield (times[-1] - times[0]) / 1e3


def record(name):
    (path,) = (work / name).glob("*/run.json")
    return json.loads(path.read_text()), path.parent


rows, missed = [], []


def row(what, racers, count, client, server):
    difference = f"{server[0] - client[0]:+.0f}" if client and server else ""
    figures = [f"{value:.0f}" for value in client or ()] or ["", ""]
    figures += [f"{value:.0f}" for value in server or ()] or ["", ""]
    rows.append([what, str(racers), f"{count:,}", *figures, difference])


run, _ = record("audit")
by_path = arrivals("audit")
for race in run["races"]:
    racers = round(race["racers"] / race["count"])
    client = (race["spread_us"]["p50"], race["spread_us"]["p99"])
    server = None
    if race["name"] in PATHS:
        spreads = list(server_spreads(by_path, *PATHS[race["name"]]))
        server = (quantile(spreads, 0.5), quantile(spreads, 0.99))
    row(race["name"], racers, race["count"], client, server)
    if racers == 2 and (client[0] > 20 or client[1] > 200):
        missed.append(f"{race['name']}: p50 {client[0]} µs, p99 {client[1]} µs; bounds 20 and 200 µs")

run, directory = record("crowd")
with open(directory / "rounds.csv", newline="") as file:
    spreads = [int(line["spread_us"]) for line in csv.DictReader(file) if int(line["crowd"]) == crowd]
server = list(server_spreads(arrivals("crowd"), crowd, r"POST /inventory/[^/]+/reserve"))
client = (quantile(spreads, 0.5), quantile(spreads, 0.99))
row("flash-sale", crowd, len(spreads), client, (quantile(server, 0.5), quantile(server, 0.99)))
if client[0] > 200:
    missed.append(f"crowd of {crowd}: p50 {client[0]} µs; bound 200 µs")

SUSPEND = PATHS["double-suspend"]
for name, what in [
    ("sequential", "one after the other (`--sequential-races`)"),
    ("clients", "two HTTP clients with a barrier (Python)"),
    ("curls", "two curls in the background of a shell"),
]:
    spreads = list(server_spreads(arrivals(name), *SUSPEND))
    row(what, 2, len(spreads), None, (quantile(spreads, 0.5), quantile(spreads, 0.99)))

print("| Race | Requests | Races | client p50 µs | p99 | server p50 µs | p99 | server − client p50 |")
print("|---|---:|---:|---:|---:|---:|---:|---:|")
for cells in rows:
    print("| " + " | ".join(cells) + " |")
for miss in missed:
    print(f"\nMISSED: {miss}")
sys.exit(1 if missed else 0)
