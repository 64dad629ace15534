"""The tables and bounds of the parts tls and http2: pairs of turns of one round, one server and one state."""

from statistics import median

from rounds import NEITHER, OURS, Rounds, state_of

MOST_TLS_RATIO = 1.8
PEERS = ("oha", "h2load")
NAMES = {
    "shopblast": "**shopblast** `spike --pacing max`",
    "wrk": "wrk, static POST",
    "oha": "oha",
    "h2load": "h2load",
    "s_time": "openssl s_time",
}
WIRES = {
    "plain": "HTTP/1.1",
    "tls": "HTTP/1.1, TLS 1.3",
    "h2c": "HTTP/2",
    "h2": "HTTP/2, TLS 1.3",
    "full": "full",
    "resumed": "resumed",
}


def number(value: float | None, form: str) -> str:
    return format(value, form) if value is not None else "–"


class Setting:
    """Turns of one part against one server, with so many connections and streams."""

    def __init__(self, part: str, rows: list[dict]):
        self.part, self.rows = part, [row for row in rows if state_of(row) not in NEITHER]
        self.server, self.connections, self.streams = (rows[0][key] for key in ("server", "connections", "streams"))
        self.clients = list(dict.fromkeys((row["client"], row["wire"]) for row in rows))

    def of(self, client: str, wire: str) -> list[dict]:
        return [row for row in self.rows if (row["client"], row["wire"]) == (client, wire)]

    def middle(self, client: str, wire: str, figure: str) -> float | None:
        values = [row[figure] for row in self.of(client, wire) if row.get(figure) is not None]
        return median(values) if values else None

    def pairs(self, one: tuple[str, str], other: tuple[str, str]) -> list[float]:
        """CPU of a request of the one over the other's, where both were in one state of the machine."""
        theirs = {(row["round"], state_of(row)): row["cpu_us"] for row in self.of(*other)}
        ours = [(row["cpu_us"], (row["round"], state_of(row))) for row in self.of(*one)]
        return [cpu / theirs[turn] for cpu, turn in ours if turn in theirs]

    def ratio(self, one: tuple[str, str], other: tuple[str, str]) -> float | None:
        ratios = self.pairs(one, other)
        return median(ratios) if ratios else None

    def where(self) -> str:
        streams = f", {self.streams} streams each" if self.streams > 1 else ""
        return f"{self.connections} connections{streams}, {self.server}"


def settings(samples: Rounds, part: str) -> list[Setting]:
    rows = samples.of_part(part)
    keys = dict.fromkeys((row["server"], row["connections"], row["streams"]) for row in rows)
    return [
        Setting(part, [row for row in rows if (row["server"], row["connections"], row["streams"]) == key])
        for key in keys
    ]


def costs(setting: Setting, overs: list[str]) -> list[list[str]]:
    rows = []
    for one in setting.clients:
        its = setting.of(*one)
        if not its:
            continue
        rows.append(
            [NAMES[one[0]], WIRES[one[1]], str(len(its))]
            + [number(setting.middle(*one, "requests_per_s"), ",.0f")]
            + [number(setting.middle(*one, "cpu_us"), ".2f")]
            + [number(setting.ratio(one, (OURS, over)), ".2f") for over in overs]
            + [number(setting.middle(*one, "user_us"), ".2f"), number(setting.middle(*one, "server_us"), ".2f")]
            + [number(setting.middle(*one, share), ".0%") for share in ("client_busy", "server_busy")]
            + [f"{min(row['cpu_us'] for row in its):.2f} – {max(row['cpu_us'] for row in its):.2f}"]
            + [str(sum(row["failed"] for row in its))]
        )
    return rows


def secure_tables(samples: Rounds, table) -> list[str]:
    lines = []
    for part, title, wires in (("tls", "TLS 1.3", ("plain", "tls")), ("http2", "HTTP/2", ("h2c", "h2"))):
        for setting in settings(samples, part):
            overs = [over for over in wires if setting.of(OURS, over)]
            header = ["Client", "wire", "turns", "req/s", "CPU µs/request"]
            header += [f"× shopblast {WIRES[over]}" for over in overs]
            header += ["user µs", "server µs/request", "client busy", "server busy", "CPU µs, least – most", "failed"]
            lines += [f"### {title}: {setting.where()}", "", *table(header, costs(setting, overs))]
    for setting in settings(samples, "handshakes"):
        rows = []
        for one in setting.clients:
            cpu = setting.middle(*one, "cpu_us")
            rows.append(
                [NAMES[one[0]], WIRES[one[1]], str(len(setting.of(*one)))]
                + [number(1e6 / cpu if cpu else None, ",.0f"), number(cpu, ".1f")]
                + [number(setting.middle(*one, "server_us"), ".1f")]
                + [number(setting.middle(*one, "resumed_share"), ".1%")]
            )
        header = ["Client", "handshakes", "turns", "a second of a core", "CPU µs each, its request included"]
        header += ["server µs", "resumed"]
        lines += [f"### TLS 1.3 handshakes, a connection a request: {setting.where()}", "", *table(header, rows)]
    return lines


def judge_secure(samples: Rounds, bounds) -> None:
    for setting in settings(samples, "tls"):
        ratio = setting.ratio((OURS, "tls"), (OURS, "plain"))
        bounds.at_most(f"CPU per request over TLS × plain, {setting.where()}", ratio, MOST_TLS_RATIO)
        for peer in PEERS:
            ratio = setting.ratio((OURS, "tls"), (peer, "tls"))
            bounds.below(f"CPU per request over TLS × {peer}, {setting.where()}", ratio, 1, "")
    for setting in settings(samples, "http2"):
        for wire in ("h2c", "h2"):
            if (OURS, wire) in setting.clients:
                ratio = setting.ratio((OURS, wire), ("h2load", wire))
                bounds.below(f"CPU per request × h2load, {WIRES[wire]}, {setting.where()}", ratio, 1, "")
