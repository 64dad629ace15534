"""Two network namespaces with a link of given delay and jitter between them, taken away at the end."""

import json
import os
import pathlib
import subprocess
import sys

LINK = pathlib.Path(__file__).with_name("link.py")
CLIENT_ADDRESS, SERVER_ADDRESS = "10.77.0.1", "10.77.0.2"


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Network:
    """Used as a context: `client` and `server` are the names of the namespaces."""

    def __init__(self, delay_ms, jitter_ms, is_normal, kind):
        stem = f"shopblast-{os.getpid()}"
        self.client, self.server, self.between = (f"{stem}-{end}" for end in ("client", "server", "link"))
        self.delay_ms, self.jitter_ms, self.is_normal = delay_ms, jitter_ms, is_normal
        self.kind, self.carrier, self.made = kind, None, []

    def __enter__(self):
        try:
            self.make()
        except BaseException:
            self.__exit__()
            raise
        return self

    def make(self):
        for name in (self.client, self.between, self.server):
            ip("netns", "add", name)
            self.made.append(name)
            ip("-n", name, "link", "set", "lo", "up")
        for name, end, inner, address in (
            (self.client, "client0", "one", CLIENT_ADDRESS),
            (self.server, "server0", "other", SERVER_ADDRESS),
        ):
            ip("link", "add", end, "netns", name, "type", "veth", "peer", "name", inner, "netns", self.between)
            ip("-n", name, "address", "add", f"{address}/24", "dev", end)
            for place, interface in ((name, end), (self.between, inner)):
                self.within(place, [sys.executable, LINK, "--plain", interface])
                ip("-n", place, "link", "set", interface, "up")
        if self.kind != "program" and self.netem():
            self.kind = "netem"
        elif self.kind == "netem":
            sys.exit("this kernel has no netem; LINK=program does without")
        else:
            self.kind = "program"
            self.carry()

    def netem(self):
        """A bridge between, and the delay at both ends; whether the kernel can do so."""
        shape = ["delay", f"{self.delay_ms}ms", f"{self.jitter_ms}ms"]
        shape += ["distribution", "normal"] if self.is_normal else []
        for name, end in ((self.client, "client0"), (self.server, "server0")):
            words = ["qdisc", "add", "dev", end, "root", "netem", "limit", "10000", *shape]
            if self.within(name, ["tc", *words], check=False).returncode != 0:
                return False
        ip("-n", self.between, "link", "add", "bridge", "type", "bridge")
        for interface in ("one", "other"):
            ip("-n", self.between, "link", "set", interface, "master", "bridge")
        ip("-n", self.between, "link", "set", "bridge", "up")
        return True

    def carry(self):
        words = [sys.executable, LINK, "one", "other", "--delay-ms", self.delay_ms, "--jitter-ms", self.jitter_ms]
        words += ["--normal"] if self.is_normal else []
        self.carrier = self.started(self.between, words, before=2, stdout=subprocess.PIPE, text=True)
        self.carrier.stdout.readline()

    def command(self, name, words, before=0):
        """The command within a namespace; `before` all ordinary programs, so that what waits for a CPU behind a
        compiler is not taken for what the link parts or brings together."""
        first = ["chrt", "-f", str(before)] if before else []
        return ["ip", "netns", "exec", name, *first, *map(str, words)]

    def within(self, name, words, check=True):
        return subprocess.run(self.command(name, words), check=check, capture_output=True, text=True)

    def started(self, name, words, before=1, **how):
        return subprocess.Popen(self.command(name, words, before), **how)

    def carried(self):
        """What the program between tells of itself, once it has ended."""
        if self.carrier is None:
            return None
        self.carrier.terminate()
        told, _ = self.carrier.communicate(timeout=10)
        self.carrier = None
        return json.loads(told)

    def __exit__(self, *_):
        if self.carrier is not None:
            self.carrier.kill()
            self.carrier.wait()
        for name in self.made:
            ip("netns", "delete", name, check=False)
