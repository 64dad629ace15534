"""What scripts/ingress.sh tries, and what must come of it."""

import dataclasses
import json
import os
import re

USERS = int(os.environ.get("USERS") or 16)

TRUST = "--ca {certificates}/ca.crt "
H2 = "--http2 "
CHOSEN = "--http2=auto "
RACES = "--profile race-audit"
SHOW = "--client-cert {certificates}/client.crt --client-key {certificates}/client.key "


def nothing_more(_run):
    return ()


def many_connections(run):
    """Each connection carries a hundred requests, so that there have to be many."""
    connections = run.record["connections"]
    opened = connections["opened"] + connections["reconnects"]
    if opened < run.totals()["requests"] / 110:
        yield f"{opened} connections carried {run.totals()['requests']} requests, a hundred each at most"


def renewed_under_races(run):
    """Races took place, and connections were ended beneath them."""
    connections = run.record["connections"]
    if connections["opened"] + connections["reconnects"] < run.totals()["requests"] / 220:
        yield f"{connections['opened']} connections carried {run.totals()['requests']} requests, 200 each at most"
    yield from raced(run)


def raced(run):
    races = sum(race["count"] for race in run.record["races"])
    incomplete = sum(race["incomplete"] for race in run.record["races"])
    if not races:
        yield "no race took place"
    if incomplete:
        yield f"{incomplete} of {races} races lacked a racer"


def handshakes(kind):
    """Nearly all handshakes but the first of each user are of this kind: full or resumed."""

    def check(run):
        full, resumed = (run.record["connections"][f"handshakes_{which}"] for which in ("full", "resumed"))
        if full + resumed <= USERS:
            yield "no user connected twice: SECONDS_RUN is too short"
        if (full if kind == "full" else resumed) < full + resumed - 2 * USERS:
            yield f"{full} handshakes in full and {resumed} resumed"
        yield from many_connections(run)

    return check


def reloaded(run):
    connections, first = run.record["connections"], 2 if "--connections" in run.command else USERS
    if connections["opened"] + connections["reconnects"] <= first:
        yield "the reload closed no connection: SECONDS_RUN is too short"


def few_connections(run):
    connections = run.record["connections"]
    if connections["opened"] + connections["reconnects"] > 3:
        yield f"{connections['opened']} connections were opened, {connections['reconnects']} again"


@dataclasses.dataclass
class Case:
    name: str
    expected: str
    variant: str = ""
    # What is done: a user class, or a profile.
    load: str = "IdentityUser"
    flags: str = TRUST
    host: str = "shop.test"
    is_plain: bool = False
    # Socket of the proxy's directory that connections go to instead of its port.
    socket: str = ""
    protocol: str = "HTTP/1.1"
    meanwhile: str = ""
    most_unknown: int = 0
    # A step that follows on one that nobody knows of may be refused by the shop.
    most_failed: int = 0
    check: callable = nothing_more
    # Of a run that must not come about: its exit code, and what it says.
    code: int = 0
    says: str = ""
    never: str = "no such text"

    def __post_init__(self):
        self.variant = self.variant or self.name

    @property
    def is_load(self):
        return not self.says


def names_seen(name):
    def check(run):
        seen = {(row["host"], row["sni"]) for row in run.passed}
        if seen != {(name, name)}:
            yield f"the proxy saw hosts and names {seen}"

    return check


def versions_seen(version):
    def check(run):
        seen = {row["tls"] for row in run.passed}
        if seen != {version}:
            yield f"the proxy spoke {seen}"

    return check


def certificate_seen(run):
    if not all("tester" in row["client"] for row in run.passed):
        yield "the proxy saw no client certificate in some requests"


def headers_seen(run):
    traces = [row["traceparent"] for row in run.passed]
    shape = re.compile("00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]")
    if not all(map(shape.fullmatch, traces)) or len(set(traces)) != len(traces):
        yield f"{len(set(traces))} different traces in {len(traces)} requests, like {traces[:1]}"
    given = {(row["host"], row["tenant"], row["authorization"], row["from"]) for row in run.passed}
    if given != {("other.test", "blue", "Bearer geheim-4711", "127.0.0.7")}:
        yield f"host, tenant, token and sender are {given}"
    if "geheim-4711" in run.told + json.dumps(run.record):
        yield "the token is told"


# A proxy that is reloaded closes connections that it takes for idle: over HTTP/1.1 a request may be on its way.
LOAD = "a load without failures"
LOST = "at most one request a user unknown, and what follows on it refused, while the proxy's processes die"
CASES = [
    Case("plain-100", f"{LOAD}, connections ended by the 100th reply", flags="", is_plain=True, check=many_connections),
    Case("tls", f"{LOAD} over TLS 1.3", check=versions_seen("TLSv1.3")),
    Case("tls-100", f"{LOAD}, connections ended by the 100th reply", check=many_connections),
    Case("tls-1", f"{LOAD}, a connection a request, sessions resumed", check=handshakes("resumed")),
    Case("tls-1, full", f"{LOAD}, a connection a request, handshakes in full", variant="tls-1", flags=TRUST + "--no-session-resumption", check=handshakes("full")),
    Case("tls-idle", f"{LOAD}, idle connections closed after 20 ms", flags=TRUST + "--pacing class"),
    Case("tls12", f"{LOAD} over TLS 1.2", check=versions_seen("TLSv1.2")),
    Case("tls12-h2", f"{LOAD} over HTTP/2 and TLS 1.2", flags=TRUST + H2, protocol="HTTP/2.0", check=versions_seen("TLSv1.2")),
    Case("no-resumption", f"{LOAD}, no session resumed by the server", check=handshakes("full")),
    Case("chain", f"{LOAD}, an RSA key and an authority between"),
    Case("hello-retry", f"{LOAD}, the server wants another curve", check=handshakes("resumed")),
    Case("small-records", f"{LOAD}, replies in records of 64 bytes"),
    Case("expired", "refused: the certificate has expired", code=107, says="expired"),
    Case("expired, insecure", f"{LOAD}", variant="expired", flags="--insecure"),
    Case("wrong-name", "refused: another name", code=107, says="elsewhere.test|not valid for"),
    Case("unknown-ca", "refused: an authority that nobody trusts", code=107, says="unknown|not trusted|--ca"),
    Case("unknown-ca, theirs", LOAD, variant="unknown-ca", flags="--ca {certificates}/other_ca.crt"),
    Case("platform roots", "refused: the machine does not trust it", variant="tls", flags="", code=107, says="unknown|not trusted|--ca"),
    Case("client-wanted", "refused: it wants a certificate", code=107, says="certificate"),
    Case("client-wanted, shown", LOAD, variant="client-wanted", flags=TRUST + SHOW, check=certificate_seen),
    Case("two-names", LOAD, check=names_seen("shop.test")),
    Case("two-names, second", LOAD, variant="two-names", host="second.test", check=names_seen("second.test")),
    Case("two-names, third", "refused: no such name", variant="two-names", host="third.test", code=107, says="does not know the name", never="plain HTTP"),
    Case("http on the port of https", "refused: it speaks TLS", variant="tls", flags="", is_plain=True, code=107, says="TLS|https"),
    Case("https on the port of http", "refused: it speaks no TLS", variant="plain-100", code=107, says="TLS|http://"),
    Case("h2", f"{LOAD} over HTTP/2", flags=TRUST + H2, protocol="HTTP/2.0"),
    Case("h2, shared", f"{LOAD}, all users on two connections", variant="h2", flags=TRUST + H2 + "--connections 2", protocol="HTTP/2.0", check=few_connections),
    Case("h2-100, shared", f"{LOAD}, all users on two, GOAWAY after 100 streams", variant="h2-100", flags=TRUST + H2 + "--connections 2", protocol="HTTP/2.0", check=many_connections),
    Case("h2-plain, shared", f"{LOAD}, all users on two connections", variant="h2-plain", flags=H2 + "--connections 2", is_plain=True, protocol="HTTP/2.0", check=few_connections),
    Case("h2-plain-100, shared", f"{LOAD}, all users on two, GOAWAY after 100 streams", variant="h2-plain-100", flags=H2 + "--connections 2", is_plain=True, protocol="HTTP/2.0", check=many_connections),
    Case("h2, chosen", f"{LOAD} over HTTP/2, which the proxy chooses", variant="h2", flags=TRUST + CHOSEN, protocol="HTTP/2.0"),
    Case("tls, chosen", f"{LOAD} over HTTP/1.1, which is all that the proxy speaks", variant="tls", flags=TRUST + CHOSEN),
    Case("h2, races", f"{LOAD}, the racers of a race in one packet", variant="h2", load=RACES, flags=TRUST + H2 + "--connections 2", protocol="HTTP/2.0", check=raced),
    Case("h2-200, races", f"{LOAD}, races on two connections, GOAWAY after 200 streams", variant="h2-200", load=RACES, flags=TRUST + H2 + "--connections 2", protocol="HTTP/2.0", check=renewed_under_races),
    Case("h2-reload, races", f"{LOAD}, races, while the proxy is reloaded", variant="h2-reload", load=RACES, flags=TRUST + H2 + "--connections 2", protocol="HTTP/2.0", meanwhile="reload", check=raced),
    Case("h2, epoll", f"{LOAD} without io_uring", variant="h2", flags=TRUST + H2 + "--driver epoll --connections 2", protocol="HTTP/2.0"),
    Case("h2-100, plain-uring", f"{LOAD} without a ring of the engine's own, GOAWAY after 100 streams", variant="h2-100", flags=TRUST + H2 + "--driver plain-uring --connections 2", protocol="HTTP/2.0", check=many_connections),
    Case("h2-200, races by epoll", f"{LOAD}, races without io_uring, GOAWAY after 200 streams", variant="h2-200", load=RACES, flags=TRUST + H2 + "--driver epoll --connections 2", protocol="HTTP/2.0", check=renewed_under_races),
    Case("h2, not asked for", LOAD, variant="h2"),
    Case("h2-only", f"{LOAD} over HTTP/2", flags=TRUST + H2, protocol="HTTP/2.0"),
    Case("h2-only, not asked for", LOAD, variant="h2-only"),
    Case("h2-100", f"{LOAD}, GOAWAY after 100 streams", flags=TRUST + H2, protocol="HTTP/2.0", check=many_connections),
    Case("h2-four-streams", f"{LOAD}, no more than four streams", flags=TRUST + H2, protocol="HTTP/2.0"),
    Case("h2-plain", f"{LOAD} over HTTP/2 without TLS", flags=H2, is_plain=True, protocol="HTTP/2.0"),
    Case("h2-plain-100", f"{LOAD}, GOAWAY after 100 streams", flags=H2, is_plain=True, protocol="HTTP/2.0", check=many_connections),
    Case("h2-plain-four", f"{LOAD}, no more than four streams", flags=H2 + "--connections 2", is_plain=True, protocol="HTTP/2.0"),
    Case("h2-plain-reload", f"{LOAD}, while the proxy is reloaded", flags=H2 + "--connections 2", is_plain=True, protocol="HTTP/2.0", meanwhile="reload", check=reloaded),
    Case("plain-reload", f"{LOAD}, while the proxy is reloaded", flags="", is_plain=True, meanwhile="reload", check=reloaded, most_unknown=USERS),
    Case("no h2", "refused: it speaks no HTTP/2", variant="tls", flags=TRUST + H2, code=107, says="HTTP/2.*--http2=auto"),
    Case("reload", f"{LOAD}, while the proxy is reloaded", meanwhile="reload", check=reloaded, most_unknown=USERS),
    Case("h2-reload", f"{LOAD}, while the proxy is reloaded", flags=TRUST + H2, protocol="HTTP/2.0", meanwhile="reload", check=reloaded),
    Case("lost", f"{LOST}", meanwhile="lose_workers", most_unknown=USERS, most_failed=USERS, check=reloaded),
    Case("h2-lost", f"{LOST}", flags=TRUST + H2, protocol="HTTP/2.0", meanwhile="lose_workers", most_unknown=USERS, most_failed=USERS, check=reloaded),
    Case("h2-plain-lost", f"{LOST}", flags=H2, is_plain=True, protocol="HTTP/2.0", meanwhile="lose_workers", most_unknown=USERS, most_failed=USERS, check=reloaded),
    Case(
        "headers",
        f"{LOAD}, each request with its headers and a trace of its own",
        flags=TRUST + "--trace --header x-tenant:blue --header host:other.test --bearer-from {certificates}/token"
        " --interface 127.0.0.7",
        check=headers_seen,
    ),
    Case(
        "headers, h2",
        f"{LOAD}, each request with its headers and a trace of its own",
        variant="headers",
        flags=TRUST + H2 + "--trace --header x-tenant:blue --header host:other.test --bearer-from {certificates}/token"
        " --interface 127.0.0.7",
        protocol="HTTP/2.0",
        check=headers_seen,
    ),
    Case("unix", f"{LOAD} through a Unix socket", flags="", is_plain=True, socket="unix.sock"),
    Case("unix-tls", f"{LOAD} over TLS through a Unix socket", socket="unix-tls.sock"),
]
