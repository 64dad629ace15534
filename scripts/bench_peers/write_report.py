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

from rounds import (
    BASE,
    DISTURBED,
    FLOOR,
    MOST_DISTURBANCE,
    MOVED,
    NEAR_NS,
    NEITHER,
    OURS,
    SAME_CORE_NS,
    Rounds,
    state_of,
)
from secure_report import judge_secure, secure_tables

NAMES = {
    "floor": "the floor: one bare ring",
    "gcannon": "gcannon, static POST",
    "wrk": "wrk, static POST",
    "wrk-lua": "wrk, Lua builds the body and reads the id",
    "oha": "oha",
    "h2load": "h2load --h1",
    "shopblast": "**shopblast** `spike --pacing max`",
}
LEAST_RATE_RATIO = 1.4
LEAST_RATE_RATIO_LUA = 2.0
MOST_CPU_RATIO_LUA = 0.50
# wrk's own system calls cost more on AMD.
MOST_CPU_RATIO = {"AuthenticAMD": 0.62}
MOST_CPU_RATIO_ELSEWHERE = 0.80
# Times the floor's CPU per request, by connections.
MOST_FLOOR_RATIO = {64: 1.12, 1024: 1.15, 4096: 1.15}
MOST_USER_US = 0.6
MOST_CPU_GROWTH_4096 = 1.35
MOST_RESIDENT_BASE_MB = 24.0
MOST_RESIDENT_KB_PER_USER = 6.0
MOST_LAG_P50_US = 80
MOST_LAG_P99_US = 500
# Users of the memory run that tells what the program needs without them.
BASE_USERS = 10
QUIETER_ROUNDS = 3
# Growth of the resident size that still counts as none: the series of a longer run.
MOST_RESIDENT_GROWTH = 0.03
# Shares of all CPUs' time that others may take before the report warns.
NOISE_SHARE = 0.02


def table(header: list[str], rows: list[list[str]]) -> list[str]:
    alignment = ["---"] + ["---:"] * (len(header) - 1)
    return ["| " + " | ".join(cells) + " |" for cells in [header, alignment, *rows]] + [""]


def spread(rounds: list[dict], figure: str) -> str:
    values = [row[figure] for row in rounds]
    return f"{min(values):.2f} – {max(values):.2f}"


def number(value: float | None, form: str) -> str:
    return format(value, form) if value is not None else "–"


def thousandth(value: float | None) -> str:
    """Something that happens once in many requests, as so many a thousand."""
    return number(None if value is None else 1000 * value, ".1f")


def rate_table(rounds: Rounds, connections: int, state: str) -> list[str]:
    clients = [name for name in NAMES if rounds.of_client(name, connections, state)]
    rows = []
    for client in clients:
        its = rounds.of_client(client, connections, state)

        def middle(figure: str, client: str = client) -> float | None:
            return rounds.median(client, connections, state, figure)

        def ratio(figure: str, over: str, client: str = client) -> str:
            return number(rounds.ratio(figure, client, over, connections, [state]), ".2f")

        rows.append(
            [
                NAMES[client],
                str(len(its)),
                number(middle("requests_per_s"), ",.0f"),
                ratio("requests_per_s", BASE),
                number(middle("cpu_us"), ".2f"),
                ratio("cpu_us", FLOOR),
                ratio("cpu_us", BASE),
                number(middle("user_us"), ".2f"),
                number(middle("client_busy"), ".0%"),
                number(middle("server_us"), ".2f"),
                number(middle("server_busy"), ".0%"),
                spread(its, "cpu_us"),
                str(sum(row["failed"] for row in its)),
            ]
        )
    header = ["Client", "rounds", "req/s", "× wrk", "CPU µs/request", "× floor", "× wrk", "user µs", "client busy"]
    header += ["server µs/request", "server busy", "CPU µs, least – most", "failed"]
    return [f"### {connections} connections, CPUs {state}", ""] + table(header, rows)


def left_out(rounds: Rounds) -> list[str]:
    count = sum(state_of(row) in NEITHER for row in rounds.of_part("rate"))
    says = f"{count} turns in which the CPUs moved, or others were in the way, are in none of these tables."
    return [says, ""] if count else []


def state_table(rounds: Rounds) -> list[str]:
    """Every round with what could make it dear."""
    rows = [
        [
            str(row["connections"]),
            str(row["round"]),
            row["client"],
            state_of(row),
            " → ".join(number(trip, ".0f") for trip in row.get("round_trip_ns") or [None]),
            number(row["cpu_us"], ".2f"),
            number(row["server_us"], ".2f"),
            number(row["server_busy"], ".0%"),
            thousandth(row["server_sleeps"]),
            thousandth(row["server_halts"]),
            thousandth(row["client_sleeps"]),
            number(row.get("completions_per_enter"), ".1f"),
            number(row["steal_share"] + row["foreign_share"], ".1%"),
        ]
        for row in rounds.of_part("rate")
    ]
    if not rows:
        return []
    header = ["Connections", "round", "client", "CPUs", "round trip ns", "CPU µs/request", "server µs/request"]
    header += ["server busy", "server sleeps/1,000", "its CPU halts/1,000", "client sleeps/1,000"]
    header += ["completions/enter", "stolen or others"]
    rule = (
        f"CPUs are *on one core* when a cache line takes less than {SAME_CORE_NS} ns from one to the other and back,"
        f" *near* below {NEAR_NS} ns, else *far*; *{MOVED}* when that changed in the turn, and *{DISTURBED}* when"
        f" others or the hypervisor took more than {MOST_DISTURBANCE:.0%} of the CPUs: such turns are compared with none."
        " Sleeps, halts and completions are those of 1,000 requests, or of a call of the kernel."
    )
    return ["### The rounds one by one", "", rule, ""] + table(header, rows)


def inside_table(rounds: Rounds) -> list[str]:
    rows = []
    for connections in rounds.connections():
        for state in rounds.states(connections):
            its = rounds.of_client(OURS, connections, state)
            if not its:
                continue
            figures = ("worker_cpu_us", "worker_user_us", "ring_entries")
            rows.append(
                [str(connections), state]
                + [number(rounds.median(OURS, connections, state, figure), ".2f") for figure in figures]
                + [str(max(row["allocations_steady"] for row in its)), " ".join(its[0]["ring_flags"])]
            )
    if not rows:
        return []
    header = ["Connections", "CPUs", "worker CPU µs/request", "in user space", "ring entries/request"]
    header += ["allocations in steady state (most)", "ring flags"]
    return ["### shopblast by its own record (the worker's thread alone)", ""] + table(header, rows)


def megabytes(kib: float) -> float:
    return kib * 1024 / 1e6


def resident_at(row: dict, second: int) -> float:
    """Resident size around a second of the run, in MB: the median of three readings."""
    end = min(second, len(row["resident_kib"]))
    return megabytes(median(row["resident_kib"][max(0, end - 3) : end]))


def memory_table(samples: Rounds) -> list[str]:
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


def lag_table(samples: Rounds) -> list[str]:
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


class Judge:
    """Judges shopblast by pairs of turns, each pair in one state: the ratios are the same in all."""

    def __init__(self, rounds: Rounds):
        self.rounds = rounds
        self.bounds = Bounds()

    def ratio(self, what: str, figure: str, over: str, connections: int) -> tuple[str, float | None]:
        states = self.rounds.states(connections)
        pairs = len(self.rounds.pairs(OURS, over, connections, states))
        where = f"{what} at {connections}" + (f" ({pairs} pairs)" if pairs else "")
        return where, self.rounds.ratio(figure, OURS, over, connections, states)

    def cost(self, connections: int, vendor: str) -> None:
        """What a request costs beside the others."""
        bounds = self.bounds
        bounds.at_least(*self.ratio("rate × wrk static", "requests_per_s", BASE, connections), LEAST_RATE_RATIO)
        bounds.at_least(*self.ratio("rate × wrk Lua", "requests_per_s", "wrk-lua", connections), LEAST_RATE_RATIO_LUA)
        most = MOST_CPU_RATIO.get(vendor, MOST_CPU_RATIO_ELSEWHERE)
        bounds.at_most(*self.ratio("CPU per request × wrk static", "cpu_us", BASE, connections), most)
        bounds.at_most(*self.ratio("CPU per request × wrk Lua", "cpu_us", "wrk-lua", connections), MOST_CPU_RATIO_LUA)
        bounds.below(*self.ratio("CPU per request × gcannon", "cpu_us", "gcannon", connections), 1, "")
        for count, most in MOST_FLOOR_RATIO.items():
            bounds.at_most(*self.ratio("CPU per request × floor", "cpu_us", FLOOR, count), most)

    def user_space(self, connections: int) -> None:
        states = self.rounds.states(connections)
        user = next(
            (value for state in states if (value := self.rounds.median(OURS, connections, state, "user_us")) is not None),
            None,
        )
        self.bounds.at_most("user space per request, whole process", user, MOST_USER_US, " µs")

    def growth(self, few: int, many: int) -> None:
        """The same state at both numbers of connections."""
        growth = None
        where = ""
        for state in self.rounds.states(few):
            costs = [self.rounds.median(OURS, count, state, "cpu_us") for count in (few, many)]
            if None not in costs:
                growth, where = costs[1] / costs[0], f" (CPUs {state})"
                break
        self.bounds.at_most(f"CPU per request at {many} connections × at {few}{where}", growth, MOST_CPU_GROWTH_4096)


def judged(samples: Rounds, connections: int, vendor: str) -> Bounds:
    judge = Judge(samples)
    judge.cost(connections, vendor)
    judge.user_space(connections)
    judge.growth(connections, 4096)
    bounds = judge.bounds

    ours = [row for row in samples.rows if row.get("client", OURS) == OURS]
    bounds.at_most("requests of shopblast that failed", sum(row["failed"] for row in ours), 0)

    memory = samples.of_part("memory")
    base = next((megabytes(row["peak_kib"]) for row in memory if row["users"] <= BASE_USERS), None)
    bounds.at_most("resident size with hardly a user", base, MOST_RESIDENT_BASE_MB, " MB")
    for users in sorted({row["users"] for row in memory if row["users"] > BASE_USERS}):
        peak = max(megabytes(row["peak_kib"]) for row in memory if row["users"] == users)
        each = (peak - base) * 1000 / users if base is not None else None
        bounds.at_most(f"resident size per user at {users:,}", each, MOST_RESIDENT_KB_PER_USER, " kB")
    long_run = next((row for row in memory if row["seconds"] > 30), None)
    grown = resident_at(long_run, long_run["seconds"]) / resident_at(long_run, 30) if long_run else None
    bounds.at_most("resident size at the end of the long run × at 30 s", grown, 1 + MOST_RESIDENT_GROWTH)

    lags = quieter(samples.of_part("lag"))
    for figure, bound in (("p50", MOST_LAG_P50_US), ("p99", MOST_LAG_P99_US)):
        worst = max((row[f"lag_{figure}_us"] for row in lags), default=None)
        bounds.below(f"send lag {figure}, the worst of the {QUIETER_ROUNDS} quieter rounds", worst, bound, " µs")
    judge_secure(samples, bounds)
    return bounds


def noise(samples: Rounds) -> list[str]:
    rows = [row for row in samples.rows if "steal_share" in row]
    if not rows:
        return []
    lines = []
    for what, figure in (("stolen by the hypervisor", "steal_share"), ("used by other processes", "foreign_share")):
        shares = [row[figure] for row in rows]
        warning = " **Noisy: measure again on a quiet machine.**" if median(shares) > NOISE_SHARE else ""
        lines.append(f"- CPU time {what}: median {median(shares):.1%}, worst round {max(shares):.1%}.{warning}")
    return lines


def commands(samples: Rounds) -> list[str]:
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
        f" all peers post a body of {facts['body_bytes']} bytes, the floor one like it. Replies: 201 with an id.",
        f"- Congestion control of the system, which all but shopblast and the floor take: {facts['congestion']}.",
        f"- Rounds of {facts['seconds']} s, one client after the other in every round."
        " CPU is user + system of the whole client process, start-up included.",
    ]


def main() -> None:
    samples_path, facts_path = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in samples_path.read_text(encoding="utf-8").splitlines()]
    samples = Rounds(rows)
    facts = json.loads(facts_path.read_text(encoding="utf-8"))
    bounds = judged(samples, int(facts["connections"]), facts["vendor"])

    lines = ["## shopblast and its peers", "", *machine(facts), *noise(samples), ""]
    for connections in samples.connections():
        for state in samples.states(connections):
            lines += rate_table(samples, connections, state)
    lines += left_out(samples)
    lines += inside_table(samples) + memory_table(samples) + lag_table(samples) + secure_tables(samples, table)
    lines += ["### Bounds", "", *bounds.lines, ""]
    lines += state_table(samples) + commands(samples)
    print("\n".join(lines))
    sys.exit(1 if bounds.missed else 0)


main()
