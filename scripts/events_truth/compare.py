"""Runs the profiles of scripts/events-truth.sh and compares what was told with what was stored."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import urllib.parse

BINARY = os.environ["BINARY"]
RESULTS = pathlib.Path(os.environ["RESULTS"])
# Those that differ in what they send; recover, load and endurance walk the same journeys as smoke.
PROFILES = (
    "smoke load cross-domain stress spike cross-flood flash-sale race-conditions race-audit recover endurance"
)
PSQL_SECONDS = 20
# What came of a run that still ended by itself: rules that were violated, thresholds, failures.
ENDED = (0, 1, 95, 96, 99)
SETTLE_SECONDS = float(os.environ.get("SETTLE_SECONDS", "1"))

EVENTS_SQL = """
select type, count(*) from message_store.messages
where global_position > {since} and stream_name !~ '^[^-]*:(command|snapshot)(-|$)' group by type
"""
POSITION_SQL = "select coalesce(max(global_position), 0) from message_store.messages"
# Rows of a lost version race name a message that is not in the store; so every row is counted.
OUTBOX_SQL = "select type, count(*) from outbox group by type"


def setting(name, default):
    return type(default)(os.environ.get(name) or default)


def is_here(url):
    host = urllib.parse.urlsplit(url).hostname
    return host in ("localhost", "::1") or (host or "").startswith("127.")


def query(url, sql):
    """Rows of a query that only reads, and gives up after a while."""
    environment = dict(
        os.environ,
        PGCONNECT_TIMEOUT="5",
        PGOPTIONS=f"-c statement_timeout={PSQL_SECONDS}s -c default_transaction_read_only=on",
    )
    out = subprocess.run(
        ["psql", url, "-XAtq", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
        timeout=PSQL_SECONDS + 10,
    ).stdout
    return [line.split("\t") for line in out.splitlines() if line]


def counts(url, sql):
    return {name: int(count) for name, count in query(url, sql)}


def outbox_rows(outboxes):
    return {domain: counts(url, OUTBOX_SQL) for domain, url in outboxes.items()}


def type_of(event):
    return f"{event['domain']}.{event['name']}.v1"


def run(profile, host):
    """Exit code and record of a shortened run."""
    directory = RESULTS / profile
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    users = min(setting("USERS", 6), 64)
    command = [BINARY, "--profile", profile, "-H", host, "--results", str(directory), "--quiet"]
    command += ["-u", str(users), "-r", str(users), "-t", setting("RUN_TIME", "10s")]
    command += setting("FLAGS", "").split()
    with open(directory / "log.txt", "w") as log:
        ended = subprocess.run(
            command, stdout=log, stderr=subprocess.STDOUT, timeout=setting("MOST_SECONDS", 180)
        )
    records = list(directory.glob("*/run.json"))
    if not records:
        sys.exit(f"{profile}: no record, exit {ended.returncode}; see {directory}/log.txt")
    return ended.returncode, json.loads(records[0].read_text())


def compared(record, stored, engines):
    """Lines of the table, and whether every type is as it was told."""
    told = {type_of(event): event for event in record["events"]}
    lines, held = [], True
    for name in sorted(set(told) | set(stored)):
        event = told.get(name, {"count": 0})
        found = stored.get(name, 0)
        if not event["count"] and not found and not event.get("at_most"):
            continue
        least = event.get("at_least", event["count"])
        most = event.get("at_most", event["count"])
        if found == event["count"]:
            word = "="
        elif least <= found <= most:
            word = f"in {least}–{most}"
        elif engines and found > most:
            word = f"engines: {found - event['count']}"
        else:
            word, held = f"**WRONG** ({least}–{most})", False
        lines.append((name, event["count"], found, word))
    return lines, held


def outbox_compared(record, before, after):
    """Lines about the rows of each domain, and whether they are as many as was told."""
    lines, held = [], True
    for domain, rows in after.items():
        added = sum(rows.values()) - sum(before[domain].values())
        of_domain = [one for one in record["domains"] if one["domain"].lower() == domain.lower()]
        told = of_domain[0]["outbox_events"] if of_domain else 0
        most = (of_domain[0].get("outbox_events_at_most") if of_domain else 0) or told
        least = min(told, (of_domain[0].get("events_at_least") if of_domain else 0) or told)
        word = "=" if added == told else f"in {least}–{most}"
        if not least <= added <= most:
            word, held = f"**WRONG** ({least}–{most})", False
        lines.append((f"outbox of {domain}", told, added, word))
    return lines, held


def quiet(store):
    """The position of the store once nobody writes to it any more; None when somebody goes on."""
    deadline = time.monotonic() + 30
    position = None
    while time.monotonic() < deadline:
        now = query(store, POSITION_SQL)[0][0]
        if now == position:
            return now
        position = now
        time.sleep(SETTLE_SECONDS)
    return None


def main():
    host, store, *named = sys.argv[1:]
    outboxes = dict(one.split("=", 1) for one in named)
    for url in (host, store, *outboxes.values()):
        if not is_here(url):
            sys.exit(f"{url} is not on this machine; only shops on loopback are tried")
    engines = setting("ENGINES", 0) == 1
    wrong = []
    for profile in setting("PROFILES", PROFILES).split():
        since = quiet(store)
        if since is None and not engines:
            sys.exit("somebody else writes to the store; nothing can be compared")
        since = since or query(store, POSITION_SQL)[0][0]
        rows = outbox_rows(outboxes)
        code, record = run(profile, host)
        time.sleep(SETTLE_SECONDS)
        stored = counts(store, EVENTS_SQL.format(since=since))
        lines, held = compared(record, stored, engines)
        if outboxes and not engines:
            more, also = outbox_compared(record, rows, outbox_rows(outboxes))
            lines, held = lines + more, held and also
        totals = record["totals"]
        failed = totals.get("failures", totals.get("failed"))
        print(f"### {profile}: exit {code}, {totals.get('requests')} requests, {failed} failed\n")
        print("| Type | Told | Stored | |\n|---|--:|--:|---|")
        for name, told, found, word in lines:
            print(f"| {name} | {told} | {found} | {word} |")
        print(flush=True)
        if not held or code not in ENDED:
            wrong.append(profile)
    if wrong:
        sys.exit(f"not as it was told: {', '.join(wrong)}")
    print("Everything was stored as it was told.")


main()
