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
# The same of today's contexts: fault, its rule, and the class whose races meet it.
TODAYS = {
    "FulfillmentRaceUser": {
        "double-picker": "picked_by_one",
        "double-picking": "picking_completed_once",
        "double-label": "labelled_once",
        "double-handoff": "handed_over_once",
        "cancelled-and-shipped": "shipped_or_cancelled",
        "cancelled-twice": "fulfillment_cancelled_once",
        "picked-after-cancel": "cancelled_is_not_picked",
        "double-exception": "exception_recorded_once",
        "double-delivery": "delivered_once",
        "tracked-after-delivery": "delivered_is_the_end",
    },
    "ReviewsRaceUser": {
        "duplicate-review": "reviewed_once",
        "double-vote": "voted_once",
        "double-reply": "replied_once",
        "double-verdict": "judged_once",
        "double-removal": "removed_once",
        "edited-after-approval": "published_is_not_edited",
        "replied-after-removal": "removed_is_not_replied_to",
    },
    "NotificationsRaceUser": {
        "double-unsubscribe": "unsubscribed_once",
        "double-resubscribe": "resubscribed_once",
        "lost-channels": "channels_kept",
        "lost-quiet-hours": "quiet_hours_kept",
        "double-cancel": "message_cancelled_once",
        "retried-after-cancel": "cancelled_is_not_sent_again",
    },
    "InventoryRaceUser": {
        "double-deactivation": "closed_once",
        "over-write-off": "written_off_within_damage",
    },
}
WORKLOAD = pathlib.Path(__file__).parents[2] / "workloads/shopstream/todays_races.toml"
# Messages need engines that keep up.
ENGINES = "--engines notifications=8 --drain-rate 500"
AUDIT = "--profile race-audit --api-workers 4"
WORDS = ("held", "violated", "undecided", "known")
CHAOS = "--chaos reset=0.005 --chaos stall=0.005 --timeout 200ms --service-time 20us -u 128 -r 128"
missed = []


def setting(name, default):
    return type(default)(os.environ.get(name, default))


def audit(arguments, users=AUDIT):
    """Exit code and record of an audit by these users, with these arguments."""
    with tempfile.TemporaryDirectory() as results:
        common = f"{users} --sandbox --quiet --results {results}"
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


def todays(user_class, workers):
    """Users of this class of today's races."""
    return f"--workload {WORKLOAD} {user_class} -u 16 -r 16 --pacing max --api-workers {workers} {ENGINES}"


def todays_sound_shop():
    code, record = audit(f"-t {setting('SECONDS_AUDIT', 50)}s --seed 1", todays("TodaysRaceUser", 4))
    counts = ", ".join(f"{len(rules(record, word))} {word}" for word in WORDS)
    violated, known = rules(record, "violated"), rules(record, "known")
    print(f"Sound shop, today's races: {races_of(record):,} races, exit {code}; rules: {counts}\n")
    if code != 0 or violated or known not in ([], ["reviewed_once"]):
        missed.append(f"today's sound shop: exit {code}, violated {violated}, known {known}")


def todays_faults():
    todays_sound_shop()
    head()
    for user_class, of_class in TODAYS.items():
        for fault, rule in of_class.items():
            # Of equal reviews that meet in different processes two are taken without any fault.
            alone = rule == "reviewed_once"
            users = todays(user_class, 1 if alone else 4) + (" --strict" if alone else "")
            faults({fault: rule}, users)


def older_faults():
    head()
    faults(FAULTS, AUDIT)
    print()


def head():
    print("| Fault | Rule | Seeds | Found | Violations a run | Races a run | Other rules |")
    print("|---|---|---:|---:|---:|---:|---:|")


def faults(named, users):
    share, seconds = setting("PROBABILITY", 0.01), setting("SECONDS_BUG", 5)
    for fault, rule in named.items():
        found, violations, races, others = 0, [], [], []
        seeds = setting("SEEDS", 20)
        for seed in range(1, seeds + 1):
            code, record = audit(f"-t {seconds}s --seed {seed} --bug {fault}={share}", users)
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


def lost_replies():
    code, record = audit(f"-t {setting('SECONDS_CHAOS', 60)}s --seed 1 {CHAOS}")
    violated = rules(record, "violated")
    print(
        f"Lost replies: {races_of(record):,} races, {record['totals']['unknown']:,} of "
        f"{record['totals']['requests']:,} requests unknown, exit {code}; violated: {violated or 'none'}\n"
    )
    if violated or code != 1:
        missed.append(f"lost replies: exit {code}, violated {violated}")


PARTS = {"audit": sound_shop, "bugs": older_faults, "chaos": lost_replies, "todays": todays_faults}
for part in setting("PARTS", "audit bugs chaos").split():
    PARTS[part]()
for miss in missed:
    print(f"MISSED: {miss}")
sys.exit(1 if missed else 0)
