"""Runs the parts of scripts/race-proof.sh and judges what the records say."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

BINARY = os.environ["BINARY"]
# Fault and the one rule that it breaks.
FAULTS = {
    "oversell": "not-oversold",
    "undersell": "not-undersold",
    "lost-update": "suspended-once",
    "double-refund": "refunded-once",
    "double-checkout": "one-order-a-cart",
    "duplicate-customer": "one-customer-an-external-id",
    "cancelled-and-paid": "cancelled-or-paid",
    "resurrect": "end-is-the-end",
}
WORDS = ("held", "violated", "undecided", "known")
CHAOS = "--chaos reset=0.005 --chaos stall=0.005 --timeout 200ms --service-time 20us -u 128 -r 128"
missed = []


def setting(name, default):
    return type(default)(os.environ.get(name, default))


def audit(arguments):
    """Exit code and record of an audit with these arguments."""
    with tempfile.TemporaryDirectory() as results:
        common = f"--profile race-audit --sandbox --api-workers 4 --quiet --results {results}"
        ended = subprocess.run(
            [BINARY, *common.split(), *arguments.split()], stdout=subprocess.DEVNULL
        )
        (path,) = pathlib.Path(results).glob("*/run.json")
        return ended.returncode, json.loads(path.read_text())


def races_of(record):
    return sum(race["count"] for race in record["races"])


def rules(record, word):
    return [rule["name"] for rule in record["invariants"] if rule["verdict"] == word]


def sound_shop():
    code, record = audit(f"-t {setting('SECONDS_AUDIT', 50)}s --seed 1")
    races = races_of(record)
    counts = ", ".join(f"{len(rules(record, word))} {word}" for word in WORDS)
    print(f"Sound shop: {races:,} races in {record['measured_s']:.0f} s, exit {code}; rules: {counts}\n")
    not_held = [
        rule["name"]
        for rule in record["invariants"]
        if rule["enforced"] and rule["verdict"] != "held"
    ]
    if code != 0 or not_held or races < setting("LEAST_RACES", 100_000):
        missed.append(f"sound shop: exit {code}, {races:,} races, not held: {not_held}")


def faults():
    share, seconds = setting("PROBABILITY", 0.01), setting("SECONDS_BUG", 5)
    print("| Fault | Rule | Seeds | Found | Violations a run | Races a run | Other rules |")
    print("|---|---|---:|---:|---:|---:|---:|")
    for fault, rule in FAULTS.items():
        found, violations, races, others = 0, [], [], []
        seeds = setting("SEEDS", 20)
        for seed in range(1, seeds + 1):
            code, record = audit(f"-t {seconds}s --seed {seed} --bug {fault}={share}")
            violated = rules(record, "violated")
            of_rule = [one for one in record["invariants"] if one["name"] == rule]
            witness = [one for one in record["witnesses"] if one["rule"] == rule]
            shown = witness and sum(one["shows"] for one in witness[0]["exchanges"]) >= 2
            found += bool(code == 96 and rule in violated and shown)
            violations.append(of_rule[0]["violated"] if of_rule else 0)
            races.append(races_of(record))
            others += [name for name in violated if name != rule]
        spread = f"{min(violations)}–{max(violations)}"
        mean = sum(races) // len(races)
        print(f"| {fault} | {rule} | {seeds} | {found} | {spread} | {mean:,} | {len(others)} |", flush=True)
        if found < seeds or others:
            missed.append(f"{fault}: found in {found} of {seeds}, others {sorted(set(others))}")
    print()


def lost_replies():
    code, record = audit(f"-t {setting('SECONDS_CHAOS', 60)}s --seed 1 {CHAOS}")
    violated = rules(record, "violated")
    print(
        f"Lost replies: {races_of(record):,} races, {record['totals']['unknown']:,} of "
        f"{record['totals']['requests']:,} requests unknown, exit {code}; violated: {violated or 'none'}\n"
    )
    if violated or code != 1:
        missed.append(f"lost replies: exit {code}, violated {violated}")


PARTS = {"audit": sound_shop, "bugs": faults, "chaos": lost_replies}
for part in setting("PARTS", "audit bugs chaos").split():
    PARTS[part]()
for miss in missed:
    print(f"MISSED: {miss}")
sys.exit(1 if missed else 0)
