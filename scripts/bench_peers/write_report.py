"""Makes the report of the samples: tables of medians and a line for each bound, as Markdown on
standard output. Exits with 1 when a bound is missed.

Usage: write_report.py SAMPLES FACTS
FACTS is a JSON object of strings and numbers that the script collected; see bench-peers.sh.
"""

import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median

BASE = "wrk"
OURS = "shopblast"
NAMES = {
    "wrk": "wrk, static POST",
    "wrk-lua": "wrk, Lua builds the body and reads the id",
    "oha": "oha",
    "h2load": "h2load --h1",
    "shopblast": "**shopblast** `spike --pacing max`",
}
# What issue 2 asks for.
LEAST_RATE_RATIO = 1.4
MOST_CPU_RATIO = 0.72
LEAST_RATE_RATIO_LUA = 2.0
MOST_CPU_RATIO_LUA = 0.50
MOST_USER_US = 0.9
MOST_CPU_GROWTH_4096 = 1.5
MOST_RESIDENT_MB = 120.0
MOST_LAG_P50_US = 80
MOST_LAG_P99_US = 500
QUIETER_ROUNDS = 3
# Growth of the resident size that still counts as none: the series of a longer run.
MOST_RESIDENT_GROWTH = 0.03
# Shares of all CPUs' time that others may take before the report warns.
NOISE_SHARE = 0.02


class Samples:
    """The rounds that were measured."""

    def __init__(self, rows: list[dict]):
        self.rows = rows

    def of_part(self, part: str) -> list[dict]:
        return [row for row in self.rows if row["part"] == part]

    def rounds(self, client: str, connections: int) -> list[dict]:
        return [
            row
            for row in self.of_part("rate")
            if row["client"] == client and row["connections"] == connections
        ]

    def connections(self) -> list[int]:
        return sorted({row["connections"] for row in self.of_part("rate")})

    def clients(self, connections: int) -> list[str]:
        return [name for name in NAMES if self.rounds(name, connections)]

    def median(self, client: str, connections: int, figure: str) -> float | None:
        rounds = self.rounds(client, connections)
        return median(row[figure] for row in rounds) if rounds else None

    def ratio(self, figure: str, over: str, connections: int) -> float | None:
        ours, theirs = (self.median(client, connections, figure) for client in (OURS, over))
        return ours / theirs if ours is not None and theirs else None


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    alignment = ["---"] + ["---:"] * (len(header) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in [header, alignment, *rows]] + [""]


def spread(rounds: list[dict], figure: str) -> str:
    values = [row[figure] for row in rounds]
    return f"{min(values):,.0f} – {max(values):,.0f}"


def relative(value: float, base: float | None) -> str:
    return f"{value / base:.2f}" if base else "–"


def rate_table(samples: Samples, connections: int) -> list[str]:
    base_rate = samples.median(BASE, connections, "requests_per_s")
    base_cpu = samples.median(BASE, connections, "cpu_us")
    rows = []
    for client in samples.clients(connections):
        rounds = samples.rounds(client, connections)

        def middle(figure: str, client: str = client) -> float:
            return samples.median(client, connections, figure)

        rows.append(
            [
                NAMES[client],
                f"{middle('requests_per_s'):,.0f}",
                relative(middle("requests_per_s"), base_rate),
                f"{middle('cpu_us'):.2f}",
                relative(middle("cpu_us"), base_cpu),
                f"{middle('user_us'):.2f}",
                f"{middle('system_us'):.2f}",
                f"{middle('client_busy'):.0%}",
                f"{middle('server_us'):.2f}",
                f"{middle('server_busy'):.0%}",
                spread(rounds, "requests_per_s"),
                str(sum(row["failed"] for row in rounds)),
            ]
        )
    rounds = len(samples.rounds(samples.clients(connections)[0], connections))
    header = ["Client", "req/s", "× wrk", "CPU µs/request", "× wrk", "user µs", "system µs", "client busy"]
    header += ["server µs/request", "server busy", "req/s, least – most", "failed"]
    return [f"### {connections} connections, medians of {rounds} rounds", ""] + table(header, rows)


def inside_table(samples: Samples) -> list[str]:
    rows = []
    for connections in samples.connections():
        rounds = samples.rounds(OURS, connections)
        if not rounds:
            continue
        rows.append(
            [str(connections)]
            + [
                f"{samples.median(OURS, connections, figure):.2f}"
                for figure in ("worker_cpu_us", "worker_user_us", "ring_entries")
            ]
            + [str(max(row["allocations_steady"] for row in rounds)), " ".join(rounds[0]["ring_flags"])]
        )
    if not rows:
        return []
    header = ["Connections", "worker CPU µs/request", "in user space", "ring entries/request"]
    header += ["allocations in steady state (most)", "ring flags"]
    return ["### shopblast by its own record (the worker's thread alone)", ""] + table(header, rows)


def megabytes(kib: float) -> float:
    return kib * 1024 / 1e6


def resident_at(row: dict, second: int) -> float:
    """Resident size around a second of the run, in MB: the median of three readings."""
    end = min(second, len(row["resident_kib"]))
    return megabytes(median(row["resident_kib"][max(0, end - 3) : end]))


def memory_table(samples: Samples) -> list[str]:
    rows = []
    for row in samples.of_part("memory"):
        early = early_second(row)
        rows.append(
            [
                f"{row['users']:,}",
                f"{row['seconds']} s",
                f"{row['requests_per_s']:,.0f}",
                f"{resident_at(row, early):.1f} MB at {early} s",
                f"{resident_at(row, row['seconds']):.1f} MB",
                f"{megabytes(row['peak_kib']):.1f} MB",
                str(row["failed"]),
            ]
        )
    if not rows:
        return []
    header = ["Users, a connection each", "run", "req/s", "resident early", "at the end", "peak", "failed"]
    return ["### Memory of shopblast, `spike --pacing class`", ""] + table(header, rows)


def early_second(row: dict) -> int:
    return 30 if row["seconds"] > 30 else row["seconds"] // 3


def quieter(lags: list[dict]) -> list[dict]:
    return sorted(lags, key=lambda row: row["lag_p99_us"])[:QUIETER_ROUNDS]


def lag_table(samples: Samples) -> list[str]:
    lags = samples.of_part("lag")
    if not lags:
        return []
    kept = {row["round"] for row in quieter(lags)}
    rows = [
        [
            f"{row['round']}{' (quieter)' if row['round'] in kept else ''}",
            f"{row['requests_per_s']:,.0f}",
            str(row["lag_p50_us"]),
            str(row["lag_p99_us"]),
            str(row["lag_max_us"]),
            f"{row['client_busy']:.0%}",
            f"{row['steal_share'] + row['foreign_share']:.1%}",
            str(row["shed"] + row["failed"]),
        ]
        for row in lags
    ]
    header = ["Round", "req/s", "lag p50 µs", "p99 µs", "max µs", "client busy", "stolen or others", "shed or failed"]
    title = f"### Send lag at half the highest rate, {lags[0]['connections']} connections"
    return [title, ""] + table(header, rows)


class Bounds:
    """What the issue asks for, each with the measured value."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.missed = False

    def judge(self, what: str, value: float | None, holds: Callable[[float], bool], unit: str = "") -> None:
        if value is None:
            self.lines.append(f"- SKIP {what}: not measured")
            return
        kept = holds(value)
        self.missed |= not kept
        self.lines.append(f"- {'PASS' if kept else 'FAIL'} {what}: {value:.2f}{unit}")

    def at_least(self, what: str, value: float | None, bound: float) -> None:
        self.judge(f"{what} ≥ {bound:.1f}", value, lambda measured: measured >= bound)

    def at_most(self, what: str, value: float | None, bound: float, unit: str = "") -> None:
        self.judge(f"{what} ≤ {bound:g}{unit}", value, lambda measured: measured <= bound, unit)

    def below(self, what: str, value: float | None, bound: float, unit: str) -> None:
        self.judge(f"{what} < {bound:g}{unit}", value, lambda measured: measured < bound, unit)


def judged(samples: Samples, connections: int) -> Bounds:
    bounds = Bounds()
    bounds.at_least("rate × wrk static", samples.ratio("requests_per_s", BASE, connections), LEAST_RATE_RATIO)
    bounds.at_most("CPU per request × wrk static", samples.ratio("cpu_us", BASE, connections), MOST_CPU_RATIO)
    bounds.at_least("rate × wrk Lua", samples.ratio("requests_per_s", "wrk-lua", connections), LEAST_RATE_RATIO_LUA)
    bounds.at_most("CPU per request × wrk Lua", samples.ratio("cpu_us", "wrk-lua", connections), MOST_CPU_RATIO_LUA)
    bounds.at_most(
        "user space per request, whole process", samples.median(OURS, connections, "user_us"), MOST_USER_US, " µs"
    )
    many, few = (samples.median(OURS, count, "cpu_us") for count in (4096, connections))
    growth = many / few if many and few else None
    bounds.at_most(f"CPU per request at 4096 connections × at {connections}", growth, MOST_CPU_GROWTH_4096)

    ours = [row for row in samples.rows if row.get("client", OURS) == OURS]
    bounds.at_most("requests of shopblast that failed", sum(row["failed"] for row in ours), 0)

    memory = samples.of_part("memory")
    peak = max((megabytes(row["peak_kib"]) for row in memory), default=None)
    bounds.below("peak resident size", peak, MOST_RESIDENT_MB, " MB")
    long_run = next((row for row in memory if row["seconds"] > 30), None)
    grown = resident_at(long_run, long_run["seconds"]) / resident_at(long_run, 30) if long_run else None
    bounds.at_most("resident size at the end of the long run × at 30 s", grown, 1 + MOST_RESIDENT_GROWTH)

    lags = quieter(samples.of_part("lag"))
    for figure, bound in (("p50", MOST_LAG_P50_US), ("p99", MOST_LAG_P99_US)):
        worst = max((row[f"lag_{figure}_us"] for row in lags), default=None)
        bounds.below(f"send lag {figure}, the worst of the {QUIETER_ROUNDS} quieter rounds", worst, bound, " µs")
    return bounds


def noise(samples: Samples) -> list[str]:
    rows = [row for row in samples.rows if "steal_share" in row]
    if not rows:
        return []
    lines = []
    for what, figure in (("stolen by the hypervisor", "steal_share"), ("used by other processes", "foreign_share")):
        shares = [row[figure] for row in rows]
        warning = " **Noisy: measure again on a quiet machine.**" if median(shares) > NOISE_SHARE else ""
        lines.append(f"- CPU time {what}: median {median(shares):.1%}, worst round {max(shares):.1%}.{warning}")
    return lines


def commands(samples: Samples) -> list[str]:
    """Each command once, without the directories of this machine."""
    seen = {}
    for row in samples.rows:
        words = [word.rsplit("/", 1)[-1] if word.startswith("/") else word for word in row["command"]]
        seen[shlex.join(words).replace("@RESULTS@", "DIR")] = None
    return ["### Commands", "", "```", *seen, "```"]


def machine(facts: dict) -> list[str]:
    return [
        f"- Machine: {facts['cpu']}, {facts['cpus']} CPUs, Linux {facts['kernel']}, {facts['virtual']}.",
        f"- CPU {facts['client_cpu']} carries the client, CPU {facts['server_cpu']} the server"
        f" (`{facts['server']}`).",
        f"- {facts['date']}; {facts['versions']}.",
        f"- Requests: POST of {facts['wire_bytes']} bytes on the wire for shopblast (mean) and wrk;"
        f" all peers post a body of {facts['body_bytes']} bytes. Replies: 201 with an id.",
        f"- Rounds of {facts['seconds']} s, one client after the other in every round."
        " CPU is user + system of the whole client process, start-up included.",
    ]


def main() -> None:
    samples_path, facts_path = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in samples_path.read_text(encoding="utf-8").splitlines()]
    samples = Samples(rows)
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    bounds = judged(samples, int(facts["connections"]))

    lines = ["## shopblast and its peers", "", *machine(facts), *noise(samples), ""]
    for connections in samples.connections():
        lines += rate_table(samples, connections)
    lines += inside_table(samples) + memory_table(samples) + lag_table(samples)
    lines += ["### Bounds", "", *bounds.lines, "", *commands(samples)]
    print("\n".join(lines))
    sys.exit(1 if bounds.missed else 0)


main()
