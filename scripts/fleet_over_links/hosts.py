"""Hosts in network namespaces of their own, each behind a link of given delay and loss to a place where Redis,
the target and the leader are; taken away at the end.

Each link is a program that carries the frames (no kernel has to have netem), in a namespace between the two.
"""

import os
import pathlib
import signal
import subprocess
import sys

LINK = pathlib.Path(__file__).parent.parent / "race_over_jitter" / "link.py"
CENTRE = "10.78.0.1"


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Hosts:
    """Used as a context: `centre` and `hosts` are the names of the namespaces."""

    def __init__(self, count, delay_ms, jitter_ms, loss):
        stem = f"shopblast-{os.getpid()}"
        self.centre = f"{stem}-centre"
        self.hosts = [f"{stem}-host{number}" for number in range(1, count + 1)]
        self.between = [f"{stem}-link{number}" for number in range(1, count + 1)]
        self.shape = ["--delay-ms", delay_ms, "--jitter-ms", jitter_ms, "--loss", loss]
        self.made, self.started_here, self.carriers = [], [], []

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in (self.centre, *self.hosts, *self.between):
            ip("netns", "add", name)
            self.made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        ip("-n", self.centre, "address", "add", f"{CENTRE}/32", "dev", "lo")
        for number, (host, between) in enumerate(zip(self.hosts, self.between), start=1):
            ends = (
                (host, "up0", "one", f"10.78.{number}.2"),
                (self.centre, f"down{number}", "other", f"10.78.{number}.1"),
            )
            for name, end, inner, address in ends:
                ip("link", "add", end, "netns", name, "type", "veth", "peer", "name", inner, "netns", between)
                ip("-n", name, "address", "add", f"{address}/24", "dev", end)
                for place, interface in ((name, end), (between, inner)):
                    self.run(place, [sys.executable, LINK, "--plain", interface])
                    ip("-n", place, "link", "set", interface, "up")
            ip("-n", host, "route", "add", f"{CENTRE}/32", "via", f"10.78.{number}.1")
            words = [sys.executable, LINK, "one", "other", *self.shape, "--seed", number]
            carrier = self.start(between, words, stdout=subprocess.PIPE, text=True)
            carrier.stdout.readline()
            self.carriers.append(carrier)

    def cut_or_mend(self, number):
        """Cuts the link of a host, by its number from 1, or mends it."""
        self.carriers[number - 1].send_signal(signal.SIGUSR1)

    @staticmethod
    def command(name, words):
        return ["ip", "netns", "exec", name, *map(str, words)]

    def run(self, name, words, check=True):
        return subprocess.run(self.command(name, words), check=check, capture_output=True, text=True)

    def start(self, name, words, **how):
        started = subprocess.Popen(self.command(name, words), **how)
        self.started_here.append(started)
        return started

    def __exit__(self, *_):
        for started in reversed(self.started_here):
            if started.poll() is None:
                started.terminate()
        for started in self.started_here:
            try:
                started.wait(timeout=10)
            except subprocess.TimeoutExpired:
                started.kill()
                started.wait()
        for name in self.made:
            ip("netns", "delete", name, check=False)
