"""Runs the parts of scripts/hunt-proof.sh and compares what the hunts found with theory."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import theory
from concurrent.futures import ThreadPoolExecutor

BINARY = os.environ["BINARY"]
# Kind of service times, servers, and their mean in ms: 1,000 requests a second each.
SHOPS = [
    ("deterministic", 1, 1),
    ("deterministic", 4, 4),
    ("deterministic", 16, 16),
    ("exponential", 1, 1),
    ("exponential", 4, 4),
    ("exponential", 16, 16),
]
# The share of the capacity at which theory has the p99 that is asked for.
SHARE = 0.8
CAPACITY_WITHIN, P99_WITHIN, PIPELINE_WITHIN = 0.03, 0.05, 0.05
# Stations of the part low: kind of service times and servers, at the capacities of RATES.
LOW_SHOPS = [("deterministic", 1), ("exponential", 1), ("exponential", 2)]
LOW_WITHIN = 0.10
missed = []


def setting(name, default):
    return type(default)(os.environ.get(name, default))


def hunt(*arguments):
    """Exit code and record of a hunt with these arguments."""
    with tempfile.TemporaryDirectory() as results:
        common = [BINARY, "hunt", "SpikeUser", "--sandbox", "--quiet", "--results", results]
        # Quick enough an end for what an overloaded probe leaves behind.
        common += ["--stop-timeout", "2s"]
        ended = subprocess.run([*common, *map(str, arguments)], stdout=subprocess.DEVNULL)
        (path,) = pathlib.Path(results).glob("*/hunt.json")
        return ended.returncode, json.loads(path.read_text())


def deviation(found, expected):
    return found / expected - 1


def check(what, found, expected, within, code):
    off = deviation(found, expected)
    if abs(off) > within or code != 0:
        missed.append(f"{what}: {found:.1f} instead of {expected:.1f} ({off:+.1%}), exit {code}")
    return off


def interval(knee):
    end = lambda value: "–" if value is None else f"{value:.0f}"
    return f"{end(knee['low'])}–{end(knee['high'])}"


def name_of(kind, servers):
    letter = {"deterministic": "D", "exponential": "M"}[kind]
    return f"M/{letter}/{servers}"


def stations():
    print("| Shop | Capacity | Found | Interval | Off | p99 asked | Theory | Found | Interval | Off | Probes |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for kind, servers, mean_ms in SHOPS[: setting("SHOPS", len(SHOPS))]:
        word = {"deterministic": "constant", "exponential": "exponential"}[kind]
        shop = ["--service-time", f"{word}:{mean_ms}ms", "--servers", servers, "--no-observatory"]
        search = ["--arrivals", "poisson", "--from", 400, "--warm-up", "2s", "--window", f"{setting('WINDOW', 10)}s"]
        capacity = servers / mean_ms * 1000
        code, record = hunt(*shop, *search)
        knee = record["http_knee"]
        name = name_of(kind, servers)
        off = check(f"{name} capacity", knee["per_s"], capacity, CAPACITY_WITHIN, code)
        limit_ms = round(theory.response_quantile(kind, servers, SHARE * servers) * mean_ms, 1)
        expected = theory.rate_at(kind, servers, limit_ms / mean_ms) / mean_ms * 1000
        code, of_p99 = hunt(*shop, *search, "--slo", f"response: p(99) < {limit_ms}ms")
        p99 = of_p99["http_knee"]
        off_p99 = check(f"{name} p99", p99["per_s"], expected, P99_WITHIN, code)
        probes = len(record["probes"]) + len(of_p99["probes"])
        print(
            f"| {name}, {mean_ms} ms | {capacity:.0f} | {knee['per_s']:.0f} | {interval(knee)} | {off:+.1%} "
            f"| < {limit_ms} ms | {expected:.0f} | {p99['per_s']:.0f} | {interval(p99)} | {off_p99:+.1%} | {probes} |",
            flush=True,
        )
    print()


def pipeline():
    code, record = hunt(
        *["--capacity", 5000, "--drain-rate", 500, "--observatory-names", "newer"],
        *["--from", 300, "--warm-up", "2s", "--window", "8s", "--rest-limit", "20s"],
    )
    http, behind = record["http_knee"], record["pipeline_knee"]
    off_http = check("HTTP beside a pipeline", http["per_s"], 5000, PIPELINE_WITHIN, code)
    off_behind = check("pipeline", behind["per_s"], 500, PIPELINE_WITHIN, code)
    print(
        f"Pipeline: 5,000 requests/s before engines that drain 500 events/s. HTTP {http['per_s']:.0f} ({interval(http)}, "
        f"{off_http:+.1%}), pipeline {behind['per_s']:.0f} ({interval(behind)}, {off_behind:+.1%}; first to give way: "
        f"{behind['first_to_give_way']}), {len(record['probes'])} probes, exit {code}\n"
    )


def falling():
    at = 700
    code, record = hunt(
        *["--capacity", 5000, "--falls-over-at", at, "--back-after", "3s", "--no-observatory"],
        *["--from", 200, "--warm-up", "2s", "--window", "6s"],
    )
    knee, falls = record["http_knee"], record["falls"]
    off = check("a shop that falls over", knee["per_s"], at, P99_WITHIN, code)
    recovered = [fall["recovered_after_s"] for fall in falls]
    times = ", ".join("never" if one is None else f"{one:.1f} s" for one in recovered)
    print(
        f"A shop that falls over above {at} requests in a second: {knee['per_s']:.0f} ({interval(knee)}, {off:+.1%}), "
        f"limited by {knee['limited_by']}; fell {len(falls)} times, was back after {times}; exit {code}\n"
    )
    if knee["limited_by"] != "fell_over" or not falls or None in recovered:
        missed.append(f"a shop that falls over: {knee['limited_by']}, {falls}")


def low_hunt(kind, servers, capacity, limit_ms, seed):
    """A hunt at a low rate: for the capacity, or for the rate at which the p95 is `limit_ms`."""
    word = {"deterministic": "constant", "exponential": "exponential"}[kind]
    shop = ["--service-time", f"{word}:{servers / capacity * 1000:.3f}ms", "--servers", servers, "--no-observatory"]
    longest_s = max(45, round(setting("REQUESTS", 720) / capacity))
    search = ["--arrivals", "poisson", "--from", round(capacity / 2.6, 2), "--precision", "5%"]
    search += ["--window", "10s", "--longest-window", f"{longest_s}s", "--rest-limit", "20s", "--cores", 1]
    # What it sends is no load for the generator: whoever else has the machine cannot be its limit.
    search += ["--keep-spoiled", "--seed", seed]
    # A connection that the shop closes for idling while a request is on its way fails that one.
    search += ["--failure-limit", "1%"]
    slo = [] if limit_ms is None else ["--slo", f"response: p(95) < {limit_ms:.1f}ms"]
    return hunt(*shop, *search, *slo)


def low():
    rows = []
    for capacity in map(float, setting("RATES", "3 10 30").split()):
        for kind, servers in LOW_SHOPS:
            quantile = theory.response_quantile(kind, servers, SHARE * servers, 0.95)
            limit_ms = round(quantile * servers / capacity * 1000, 1)
            expected = theory.rate_at(kind, servers, limit_ms / 1000 * capacity / servers, 0.95) * capacity / servers
            name = f"{name_of(kind, servers)}, {capacity:.0f}/s"
            rows.append((f"{name}, capacity", kind, servers, capacity, None, capacity))
            rows.append((f"{name}, p95 < {limit_ms / 1000:.2f} s", kind, servers, capacity, limit_ms, expected))

    def found(row):
        name, kind, servers, capacity, limit_ms, expected = row
        code, record = low_hunt(kind, servers, capacity, limit_ms, setting("SEED", 1))
        knee = record["http_knee"]
        off = check(name, knee["per_s"], expected, LOW_WITHIN, code)
        probes = record["probes"]
        undecided = sum(probe["http"]["undecided"] for probe in probes)
        sent_s = sum(probe["window_s"] + 3 for probe in probes)
        ends = "–".join("?" if end is None else f"{end:.2f}" for end in (knee["low"], knee["high"]))
        return (
            f"| {name} | {expected:.2f} | {knee['per_s']:.2f} | {ends} | {off:+.1%} | {len(probes)} | {undecided} "
            f"| {sent_s / 60:.0f} min |"
        )

    print("| Shop | Theory | Found | Interval | Off | Probes | of them undecided | Load |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    with ThreadPoolExecutor(setting("PARALLEL", 6)) as pool:
        for line in pool.map(found, rows):
            print(line, flush=True)
    print()


PARTS = {"stations": stations, "pipeline": pipeline, "falling": falling, "low": low}
for part in setting("PARTS", "stations pipeline falling low").split():
    PARTS[part]()
for miss in missed:
    print(f"MISSED: {miss}")
sys.exit(1 if missed else 0)
