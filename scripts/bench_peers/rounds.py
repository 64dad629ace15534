"""The rounds that were measured, and the state of the machine in each: only rounds of one state are
compared.

The state is how far the CPUs of client and server are from each other. A hypervisor moves virtual CPUs
between neighbouring and distant cores, and each request pays for the way: benches/README.md has the
figures. The floor's `--distance` measures before and after each round how long a cache line takes to and
fro; a round in which that changed belongs to no state. Nor does one in which others took much of the CPUs:
client and server then run one after the other instead of at once, which makes a request cheaper.
"""

from statistics import median

BASE = "wrk"
FLOOR = "floor"
OURS = "shopblast"

# Round trips of a cache line below these, in ns. Two threads of a core need some 30, neighbours of one
# cache some 100, dies and sockets some 200 to 500.
SAME_CORE_NS = 60
NEAR_NS = 200

# Share of all CPUs' time that others may take.
MOST_DISTURBANCE = 0.25

MOVED = "moved"
DISTURBED = "disturbed"
# What is no state.
NEITHER = {MOVED, DISTURBED}
UNKNOWN = "of unknown distance"


def distance_class(round_trip_ns: float) -> str:
    if round_trip_ns < SAME_CORE_NS:
        return "on one core"
    return "near" if round_trip_ns < NEAR_NS else "far"


def state_of(row: dict) -> str:
    """The state of a round: what both measurements of the distance say, unless others were in the way."""
    if row["steal_share"] + row["foreign_share"] > MOST_DISTURBANCE:
        return DISTURBED
    trips = row.get("round_trip_ns") or [None]
    if None in trips:
        return UNKNOWN
    classes = set(map(distance_class, trips))
    return classes.pop() if len(classes) == 1 else MOVED


class Rounds:
    """All rounds of all parts."""

    def __init__(self, rows: list[dict]):
        self.rows = rows

    def of_part(self, part: str) -> list[dict]:
        return [row for row in self.rows if row["part"] == part]

    def connections(self) -> list[int]:
        return sorted({row["connections"] for row in self.of_part("rate")})

    def states(self, connections: int) -> list[str]:
        """The states in which there are rounds, the one with the most rounds first."""
        of_rounds = [state_of(row) for row in self.of_part("rate") if row["connections"] == connections]
        states = sorted(set(of_rounds) - NEITHER)
        return sorted(states, key=of_rounds.count, reverse=True)

    def of_client(self, client: str, connections: int, state: str) -> list[dict]:
        return [
            row
            for row in self.of_part("rate")
            if (row["client"], row["connections"], state_of(row)) == (client, connections, state)
        ]

    def median(self, client: str, connections: int, state: str, figure: str) -> float | None:
        values = [row.get(figure) for row in self.of_client(client, connections, state)]
        known = [value for value in values if value is not None]
        return median(known) if known else None

    def pairs(self, client: str, over: str, connections: int, states: list[str]) -> list[tuple[dict, dict]]:
        """The two clients' turns of the same round, where both were in the same one of these states."""
        found = []
        for state in states:
            theirs = {row["round"]: row for row in self.of_client(over, connections, state)}
            ours = self.of_client(client, connections, state)
            found += [(row, theirs[row["round"]]) for row in ours if row["round"] in theirs]
        return found

    def ratio(self, figure: str, client: str, over: str, connections: int, states: list[str]) -> float | None:
        """The median of the rounds' own ratios."""
        ratios = [ours[figure] / theirs[figure] for ours, theirs in self.pairs(client, over, connections, states)]
        return median(ratios) if ratios else None
