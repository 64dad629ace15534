"""A link with jitter in user space, for kernels without `tc netem`: carries every frame from one interface to
the other, each after a time that is drawn for it alone, as netem draws it, so that frames may overtake each
other. When it is ended it prints, as one line of JSON, how many frames it carried each way and how much later
than drawn they left. SIGUSR1 cuts the link, and mends it again.

Usage: link.py ONE OTHER --delay-ms N --jitter-ms N [--normal] [--loss SHARE] [--seed N]
       link.py --plain INTERFACE     whole frames with whole checksums: switches the offloads off that would
                                     hand on what only a card completes
"""

import argparse
import ctypes
import fcntl
import heapq
import json
import random
import select
import signal
import socket
import struct
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
SIOCETHTOOL = 0x8946
# ethtool's "set" commands: checksums of sent frames, segmentation (TSO, GSO), merging (GRO).
OFFLOADS = {"tx checksums": 0x17, "tso": 0x1F, "gso": 0x24, "gro": 0x2C}
# What is due sooner than this is waited for by looking at the clock: a sleep may last longer.
SPIN_NS = 400_000


def plain(interface):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for command in OFFLOADS.values():
            value = ctypes.create_string_buffer(struct.pack("II", command, 0))
            request = struct.pack("16sP16x", interface.encode(), ctypes.addressof(value))
            fcntl.ioctl(any_socket, SIOCETHTOOL, request)


def frames_of(interface):
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    end.bind((interface, 0))
    end.setblocking(False)
    return end


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else None


class Link:
    def __init__(self, asked):
        self.ends = [frames_of(asked.one), frames_of(asked.other)]
        self.delay_ns, self.jitter_ns = asked.delay_ms * 1e6, asked.jitter_ms * 1e6
        self.random = random.Random(asked.seed)
        self.draw = self.normal if asked.normal else self.uniform
        self.loss, self.lost, self.is_cut = asked.loss, 0, False
        self.waiting, self.number, self.carried, self.late_ns = [], 0, [0, 0], []

    def uniform(self):
        return self.delay_ns + self.jitter_ns * (2 * self.random.random() - 1)

    def normal(self):
        return max(0.0, self.random.gauss(self.delay_ns, self.jitter_ns))

    def cut_or_mend(self, *_):
        self.is_cut = not self.is_cut

    def take(self):
        for at, end in enumerate(self.ends):
            while True:
                try:
                    frame = end.recv(65_536)
                except BlockingIOError:
                    break
                if self.is_cut or self.random.random() < self.loss:
                    self.lost += 1
                    continue
                self.number += 1
                due = time.monotonic_ns() + int(self.draw())
                heapq.heappush(self.waiting, (due, self.number, 1 - at, frame))

    def give(self):
        while self.waiting and self.waiting[0][0] <= time.monotonic_ns():
            due, _, to, frame = heapq.heappop(self.waiting)
            try:
                self.ends[to].send(frame)
            except OSError as error:
                sys.exit(f"a frame of {len(frame)} bytes could not be carried: {error}")
            self.carried[to] += 1
            self.late_ns.append(time.monotonic_ns() - due)

    def carry(self):
        poll = select.poll()
        for end in self.ends:
            poll.register(end, select.POLLIN)
        while True:
            rest = self.waiting[0][0] - time.monotonic_ns() if self.waiting else None
            if rest is None:
                poll.poll(1000)
            elif rest > SPIN_NS:
                poll.poll((rest - SPIN_NS) // 1_000_000)
            self.take()
            self.give()

    def told(self):
        late = {f"p{share}": (quantile(self.late_ns, share / 100) or 0) / 1e3 for share in (50, 99, 99.9, 100)}
        return json.dumps({"carried": self.carried, "lost": self.lost, "late_us": late})


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("one")
    parser.add_argument("other", nargs="?")
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--delay-ms", type=float, default=20)
    parser.add_argument("--jitter-ms", type=float, default=5)
    parser.add_argument("--normal", action="store_true")
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    if asked.plain:
        plain(asked.one)
        return
    link = Link(asked)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGUSR1, link.cut_or_mend)
    print("carrying", flush=True)
    try:
        link.carry()
    finally:
        print(link.told(), flush=True)


main()
