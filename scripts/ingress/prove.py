"""Runs the variants of scripts/ingress.sh and holds what shopblast told against what the proxies' logs say."""

import collections
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

from cases import CASES, USERS
from certificates import Certificates
from proxies import KINDS

BINARY = os.environ["BINARY"]
SECONDS = float(os.environ.get("SECONDS_RUN") or 3)
PORT = int(os.environ.get("PORT") or 21500)
# No proxy has more variants.
PORTS_OF_A_PROXY = 40
# What looks at a target before the load.
BEFORE = {"/health", "/openapi.json", "/ready"}


def shop(work):
    """The address of the shop, and its process if it is ours."""
    if os.environ.get("SHOP"):
        return os.environ["SHOP"], None
    words = [BINARY, "sandbox", "--port", PORT, "--api-workers", 2, "--no-observatory", "--conflicts", 409]
    with open(work / "shop.log", "w") as told:
        process = subprocess.Popen(list(map(str, words)), stdout=told, stderr=told)
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", PORT), 1).close()
            return f"127.0.0.1:{PORT}", process
        except OSError:
            time.sleep(0.05)
    process.kill()
    sys.exit(f"the shop does not start:\n{(work / 'shop.log').read_text()}")


def disturb(proxy, case, known):
    """Does to the proxy what the case says, once the load is on."""
    for _ in range(300):
        if any(row["method"] == "POST" for row in proxy.passed(case.variant)[known:]):
            time.sleep(SECONDS / 3)
            getattr(proxy, case.meanwhile)()
            return
        time.sleep(0.1)


# What a build says that speaks HTTP/2 without TLS only.
NOT_YET = "over TLS not yet"


class Run:
    """One run of shopblast against a variant: what it told, and what the proxy's log grew by."""

    def __init__(self, case, proxy, work):
        known = len(proxy.passed(case.variant))
        results = work / f"{proxy.NAME}-{case.name}"
        scheme = "http" if case.is_plain else "https"
        place = f"unix:{proxy.directory}/{case.socket}" if case.socket else f"127.0.0.1:{proxy.port(case.variant)}"
        words = [*case.load.split(), "-H", f"{scheme}://{case.host}", "--connect-to", place]
        words += ["-u", USERS, "-r", 1000, "-t", f"{SECONDS}s", "--pacing", "max", "--timeout", "5s"]
        words += ["--results", results, "--no-observatory", "--quiet", "--cores", 1]
        words += [flag.format(certificates=proxy.certificates.directory) for flag in case.flags.split()]
        words += (os.environ.get("MORE") or "").split()
        self.command = [BINARY, *map(str, words)]
        if case.meanwhile:
            threading.Thread(target=disturb, args=(proxy, case, known), daemon=True).start()
        ended = subprocess.run(self.command, capture_output=True, text=True, timeout=SECONDS + 60)
        self.code, self.told = ended.returncode, ended.stdout + ended.stderr
        records = list(results.glob("*/run.json"))
        self.record = json.loads(records[0].read_text()) if records else None
        # A log is written once the reply has gone.
        time.sleep(0.2)
        # What was no HTTP, or a connection without a request, has no method.
        passed = [row for row in proxy.passed(case.variant)[known:] if row["method"].isalpha()]
        of_load = [row for row in passed if row["path"] not in BEFORE]
        # Racers that were called off before the start are in nginx's log, and never reached the shop.
        self.called_off = [row for row in of_load if not row["upstream"] and row["status"] == "499"]
        self.passed = [row for row in of_load if row not in self.called_off]

    def totals(self):
        return self.record["totals"] if self.record else collections.Counter()

    def differences(self, case):
        """What is not as it must be."""
        if not case.is_load:
            yield from self.refusal(case)
            return
        totals = self.totals()
        if not totals["requests"]:
            yield f"exit {self.code}, nothing was measured: {self.told.strip()[-300:]}"
            return
        if totals["failed"] > min(case.most_failed, totals["unknown"]):
            yield f"{totals['failed']} failed: {self.reasons()}"
        if totals["unknown"] > case.most_unknown:
            yield f"{totals['unknown']} unknown: {self.reasons()}"
        # Whoever races asks afterwards what has become of the thing, which is no load.
        probes = self.record["probes"]
        most = totals["requests"] + probes["sent"]
        least = most - totals["unknown"] - probes["unknown"]
        if case.meanwhile == "lose_workers":
            # A line is written once the reply has gone: who is killed between the two writes none.
            least -= case.most_unknown
        if not least <= len(self.passed) <= most:
            counted = f"{totals['requests']} counted ({totals['unknown']} unknown) and {probes['sent']} probes"
            yield f"{counted}, the proxy's log has {len(self.passed)}"
        protocols = {row["protocol"] for row in self.passed}
        if protocols != {case.protocol}:
            yield f"spoken was {', '.join(sorted(protocols))}, not {case.protocol}"
        for difference in case.check(self):
            yield difference

    def refusal(self, case):
        if self.code != case.code:
            yield f"exit {self.code} instead of {case.code}: {self.told.strip()[-300:]}"
        if not re.search(case.says, self.told, re.IGNORECASE):
            yield f"`{case.says}` is not told: {self.told.strip()[-300:]}"
        if re.search(case.never, self.told, re.IGNORECASE):
            yield f"`{case.never}` is told, which is not so: {self.told.strip()[-300:]}"
        if self.passed:
            yield f"{len(self.passed)} requests of the load went through"

    def reasons(self):
        return "; ".join(f"{one['count']} × {one['reason']}" for one in self.record["errors"])[:300]

    def summary(self, case):
        if not case.is_load:
            lines = [line for line in self.told.splitlines() if line.strip()]
            return f"exit {self.code}: {lines[0][:150] if lines else ''}"
        totals, connections = self.totals(), (self.record or {}).get("connections", {})
        opened = connections.get("opened", 0) + connections.get("reconnects", 0)
        return f"{totals['requests']:,} requests, {totals['failed']} failed, {totals['unknown']} unknown, {opened} connections"


def serve(proxies):
    for proxy in proxies:
        for variant in proxy.VARIANTS:
            print(f"{proxy.NAME:8} {variant:16} 127.0.0.1:{proxy.port(variant)}")
        print(f"{proxy.NAME:8} files            {proxy.directory}")
    print(f"certificates: {proxies[0].certificates.directory}; Ctrl-C ends all", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass


def prove(proxies, work):
    only = [name.strip() for name in (os.environ.get("ONLY") or "").split(";") if name.strip()]
    missed = []
    print("| Proxy | Variant | Expected | Seen | |\n|---|---|---|---|---|")
    for proxy in proxies:
        for case in CASES:
            if case.variant not in proxy.VARIANTS or (only and case.name not in only):
                continue
            run = Run(case, proxy, work)
            if NOT_YET in run.told:
                print(f"| {proxy.NAME} | {case.name} | {case.expected} | left out: this build does not know it | |")
                continue
            differences = list(run.differences(case))
            word = "**no**" if differences else "yes"
            seen = run.summary(case).replace("|", "\\|")
            print(f"| {proxy.NAME} | {case.name} | {case.expected} | {seen} | {word} |", flush=True)
            for difference in differences:
                missed.append(f"{proxy.NAME}, {case.name}: {difference}\n  {' '.join(run.command)}")
    for miss in missed:
        print(f"\nMISSED: {miss}")
    return 1 if missed else 0


def main():
    wanted = (os.environ.get("PROXIES") or "nginx haproxy").split()
    there = [kind for kind in wanted if shutil.which(kind)]
    for kind in set(wanted) - set(there):
        print(f"note: {kind} is not installed and is left out", file=sys.stderr)
    if not there:
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory() as directory:
        work, started, own_shop = pathlib.Path(directory), [], None
        try:
            certificates = Certificates(work / "certificates")
            (certificates.directory / "token").write_text("geheim-4711\n")
            address, own_shop = shop(work)
            for number, kind in enumerate(there):
                proxy = KINDS[kind](work / kind, certificates, address, PORT + 1 + number * PORTS_OF_A_PROXY)
                started.append(proxy)
                proxy.start()
            return serve(started) or 0 if "--serve" in sys.argv else prove(started, work)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 2
        finally:
            for proxy in started:
                proxy.end()
            if own_shop:
                own_shop.terminate()
                own_shop.wait(timeout=10)


sys.exit(main())
