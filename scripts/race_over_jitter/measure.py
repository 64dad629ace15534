"""Runs the races of scripts/race-over-jitter.sh in each way, and judges how far the link parts them."""

import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from network import SERVER_ADDRESS, Network


def setting(name, default):
    return type(default)(os.environ.get(name) or default)


BINARY = os.environ["BINARY"]
SECONDS = setting("SECONDS_RUN", 30)
CROWD = setting("CROWD", 10)
PORT = setting("PORT", 21580)
MOST_P99_US = 100
# Of HTTP/2 all on one connection: what leaves in one packet has to.
H2 = "--http2 --connections 1"
CLIENT_WORDS = {"h1": "", "h1-tls": "--ca {ca}", "h2": H2, "h2-tls": f"{H2} --ca {{ca}}"}
NAMES = {
    "h1": "HTTP/1.1, last byte",
    "h1-tls": "HTTP/1.1 over TLS, last record",
    "h2": "HTTP/2, single packet",
    "h2-tls": "HTTP/2 over TLS, single packet",
}
# Race, user class, users, racers, what the requests of one race have in common.
RACES = [
    ("flash-sale", "FlashSaleUser", CROWD, CROWD, r"POST /inventory/[^/]+/reserve"),
    ("eleven-addresses", "RaceAuditUser", setting("USERS", 8), 11, r"POST /customers/[^/]+/addresses"),
]


def certificate(work):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        + ["-subj", "/CN=shop", "-addext", f"subjectAltName=IP:{SERVER_ADDRESS}"]
        + ["-addext", "basicConstraints=critical,CA:FALSE"]
        + ["-keyout", work / "key.pem", "-out", work / "cert.pem"],
        check=True,
        capture_output=True,
    )


def quantile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def arrivals(path, racers, pattern):
    """First to last of the first `racers` arrivals at each path, in µs."""
    pattern, by_path = re.compile(pattern), {}
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            request = f"{row['method']} {row['path']}"
            if pattern.fullmatch(request):
                by_path.setdefault(request, []).append(int(row["arrived_ns"]))
    for times in by_path.values():
        if len(times) >= racers:
            times = sorted(times)[:racers]
            yield (times[-1] - times[0]) / 1e3


def start_shop(network, work, log, is_tls):
    words = [BINARY, "sandbox", "--bind", SERVER_ADDRESS, "--port", PORT, "--api-workers", 2, "--no-observatory"]
    words += ["--arrival-log", log]
    words += ["--tls-cert", work / "cert.pem", "--tls-key", work / "key.pem"] if is_tls else []
    with open(work / "shop.log", "w") as told:
        shop = network.started(network.server, words, stdout=told, stderr=told)
    probe = f"import socket; socket.create_connection(('{SERVER_ADDRESS}', {PORT}), 1)"
    for _ in range(100):
        if network.within(network.server, [sys.executable, "-c", probe], check=False).returncode == 0:
            return shop
        if shop.poll() is not None:
            break
        time.sleep(0.05)
    shop.kill()
    sys.exit(f"the shop does not start:\n{(work / 'shop.log').read_text()}")


def client_spreads(record, directory, race):
    if race != "flash-sale":
        (row,) = [row for row in record["races"] if row["name"] == race]
        return row["spread_us"]["p50"], row["spread_us"]["p99"]
    with open(directory / "rounds.csv", newline="") as file:
        spreads = [int(line["spread_us"]) for line in csv.DictReader(file) if int(line["crowd"]) == CROWD]
    return quantile(spreads, 0.5), quantile(spreads, 0.99)


def run(network, work, way, race):
    name, user_class, users, racers, pattern = race
    is_tls = way.endswith("tls")
    log = work / f"{way}-{name}.arrivals"
    shop = start_shop(network, work, log, is_tls)
    results = work / f"{way}-{name}"
    words = [BINARY, user_class, "-H", f"http{'s' if is_tls else ''}://{SERVER_ADDRESS}:{PORT}", "-u", users]
    words += ["-r", 1000, "-t", f"{SECONDS}s", "--pacing", "max", "--cores", 1, "--results", results, "--quiet"]
    # A description of 250 kB on each of many connections would take its time on such a link.
    words += ["--no-preflight"]
    words += CLIENT_WORDS[way].format(ca=work / "cert.pem").split()
    client = network.command(network.client, words)
    ended = subprocess.run(client, capture_output=True, text=True, timeout=SECONDS + 120)
    shop.terminate()
    shop.wait(timeout=10)
    if "over TLS not yet" in ended.stderr:
        return None
    records = list(results.glob("*/run.json"))
    if not records or not log.exists():
        sys.exit(f"{' '.join(map(str, words))} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    record = json.loads(records[0].read_text())
    server = list(arrivals(log, racers, pattern))
    if not server:
        sys.exit(f"{way}: no race of {racers} requests came to its end in {SECONDS} s")
    totals = record["totals"]
    return {
        "racers": racers,
        "count": len(server),
        "client": client_spreads(record, records[0].parent, name),
        "server": [quantile(server, share) for share in (0.5, 0.95, 0.99)] + [max(server)],
        "bad": totals["failed"] + totals["unknown"],
    }


def main():
    delay, jitter = setting("DELAY_MS", 20.0), setting("JITTER_MS", 5.0)
    network = Network(delay, jitter, setting("NORMAL", 0) == 1, setting("LINK", ""))
    ways = (os.environ.get("WAYS") or "h1 h1-tls h2 h2-tls").split()
    missed, rows = [], []
    with tempfile.TemporaryDirectory() as directory, network:
        work = pathlib.Path(directory)
        certificate(work)
        for race in RACES:
            for way in ways:
                row = run(network, work, way, race)
                if row is None:
                    print(f"note: this build does not know {NAMES[way]}; it is left out", file=sys.stderr)
                    continue
                rows.append([race[0], NAMES[way], row])
                print(f"{race[0]} {way}: {row}", file=sys.stderr)
                if way.startswith("h2") and row["server"][2] > MOST_P99_US:
                    missed.append(f"{race[0]}, {NAMES[way]}: p99 {row['server'][2]:.0f} µs; bound {MOST_P99_US} µs")
                if row["bad"]:
                    missed.append(f"{race[0]}, {NAMES[way]}: {row['bad']} requests failed or are unknown")
        carried = network.carried()
    shape = "normally" if network.is_normal else "uniformly"
    print(f"Link: {delay:g} ms ± {jitter:g} ms each way, {shape} distributed, by {network.kind}.")
    if carried:
        late = carried["late_us"]
        print(
            f"It carried {sum(carried['carried']):,} frames, each later than drawn by"
            f" {late['p50']:.0f} µs (p50), {late['p99']:.0f} µs (p99), {late['p99.9']:,.0f} µs (p99.9)."
        )
    print("\n| Race | Way | Requests | Races | generator p50 µs | p99 | shop p50 µs | p95 | p99 | most |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for race, way, row in rows:
        figures = [*row["client"], *row["server"]]
        print(f"| {race} | {way} | {row['racers']} | {row['count']:,} | " + " | ".join(f"{one:,.0f}" for one in figures) + " |")
    for miss in missed:
        print(f"\nMISSED: {miss}")
    sys.exit(1 if missed else 0)


main()
