"""A headless Chromium that shows pages and reloads them, spoken to over a pipe."""

import json
import os
import shutil
import subprocess
import tempfile

NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
]


def program():
    """The browser's path; None without one."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """Ends with `close`."""

    def __init__(self, path):
        self.profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        # Chromium reads from descriptor 3 and writes to 4.
        reads, self.writes = os.pipe()
        self.reads, writes = os.pipe()

        def place():
            high_in, high_out = os.dup(reads), os.dup(writes)
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        arguments = [path, *FLAGS, f"--user-data-dir={self.profile.name}", "about:blank"]
        self.process = subprocess.Popen(
            arguments,
            close_fds=False,
            preexec_fn=place,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(reads)
        os.close(writes)
        self.number, self.read = 0, b""
        self.sessions = []

    def call(self, method, session=None, **parameters):
        """The result of a command; events are passed over."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        os.write(self.writes, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.read:
                piece = os.read(self.reads, 1 << 16)
                if not piece:
                    raise RuntimeError("the browser ended")
                self.read += piece
            text, self.read = self.read.split(b"\0", 1)
            answer = json.loads(text)
            if answer.get("id") == self.number:
                return answer.get("result", {})

    def open(self, url):
        """Shows one more page."""
        target = self.call("Target.createTarget", url=url)["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.sessions.append(attached["sessionId"])

    def reload(self):
        """Reloads all pages."""
        for session in self.sessions:
            self.call("Page.reload", session)

    def titles(self):
        """What the pages are called now."""
        expression = "document.title"
        results = [self.call("Runtime.evaluate", it, expression=expression) for it in self.sessions]
        return [result.get("result", {}).get("value", "") for result in results]

    def close(self):
        """Ends it."""
        try:
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.profile.cleanup()
