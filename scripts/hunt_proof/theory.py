"""What queueing theory says of a station with c servers, Poisson arrivals and one queue.

Times are in the unit of the service time, rates in its reciprocal.
"""

import math


def erlang_c(servers, load):
    """Chance to wait in M/M/c with load = arrival rate x mean service time (Erlang C)."""
    term, total = 1.0, 1.0
    for busy in range(1, servers):
        term *= load / busy
        total += term
    last = term * load / servers
    waiting = last / (1 - load / servers)
    return waiting / (total + waiting)


def exponential_beyond(servers, rate, time):
    """Chance that M/M/c (service rate 1) takes longer than `time` in all: a wait that is 0 or
    exponential with rate c - rate, and a service after it."""
    waits = erlang_c(servers, rate)
    drain = servers - rate
    if abs(drain - 1) < 1e-9:
        both = (1 + time) * math.exp(-time)
    else:
        both = (drain * math.exp(-time) - math.exp(-drain * time)) / (drain - 1)
    return (1 - waits) * math.exp(-time) + waits * both


def deterministic_states(servers, rate):
    """Chances of 0, 1, 2, ... in M/D/c (service time 1): whoever is in service at one moment is gone
    one service time later, so that n become max(n - c, 0) and those who arrived meanwhile."""
    size = servers * 8
    while True:
        arrivals = [math.exp(-rate)]
        while arrivals[-1] > 1e-17 or len(arrivals) <= rate:
            arrivals.append(arrivals[-1] * rate / len(arrivals))
        states = [0.0] * size
        states[0] = 1.0
        for _ in range(200_000):
            after = [0.0] * size
            for present, chance in enumerate(states):
                if chance < 1e-18:
                    continue
                left = max(present - servers, 0)
                for more, likely in enumerate(arrivals):
                    after[min(left + more, size - 1)] += chance * likely
            change = sum(abs(one - other) for one, other in zip(states, after))
            states = after
            if change < 1e-11:
                break
        if states[-1] < 1e-9:
            return states
        size *= 2


def deterministic_wait_within(servers, rate, wait, states):
    """Chance that nobody waits longer than `wait` in M/D/c (Franx, "A simple solution for the M/D/c
    waiting time distribution", Operations Research Letters 29, 2001)."""
    turns = math.floor(wait) + 1
    share = rate * (turns - wait)
    queued = [sum(states[: servers + 1])] + states[servers + 1 :]
    sums, total = [], 0.0
    for chance in queued:
        total += chance
        sums.append(total)
    upto = lambda place: sums[min(place, len(sums) - 1)]
    term, found = math.exp(-share), 0.0
    for place in range(turns * servers):
        found += upto(turns * servers - place - 1) * term
        term *= share / (place + 1)
    return found


def quantile(beyond, share):
    """The time that only 1 - share take longer than."""
    low, high = 0.0, 1.0
    while beyond(high) > 1 - share:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if beyond(middle) > 1 - share else (low, middle)
    return high


def response_quantile(kind, servers, rate, share=0.99):
    """Of the response time, wait and service, in service times."""
    if kind == "exponential":
        return quantile(lambda time: exponential_beyond(servers, rate, time), share)
    states = deterministic_states(servers, rate)
    within = lambda wait: deterministic_wait_within(servers, rate, wait, states)
    return 1 + quantile(lambda wait: 1 - within(wait), share)


def rate_at(kind, servers, limit, share=0.99):
    """The arrival rate at which that quantile is `limit`."""
    low, high = 0.05 * servers, 0.995 * servers
    for _ in range(18):
        middle = (low + high) / 2
        is_above = response_quantile(kind, servers, middle, share) > limit
        low, high = (low, middle) if is_above else (middle, high)
    return (low + high) / 2
