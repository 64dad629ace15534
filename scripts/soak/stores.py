"""A Redis and a PostgreSQL with what a shop has in them, where their programs are installed."""

import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

OUTBOX = """
CREATE TABLE outbox (id serial PRIMARY KEY, status varchar(20) NOT NULL, stream_name varchar(255),
    type varchar(255), message_id varchar NOT NULL DEFAULT gen_random_uuid()::text,
    created_at timestamp DEFAULT (now() AT TIME ZONE 'UTC'), published_at timestamp,
    retry_count integer DEFAULT 0, priority integer DEFAULT 0);
INSERT INTO outbox (status) SELECT 'pending' FROM generate_series(1, 700);
INSERT INTO outbox (status) SELECT 'published' FROM generate_series(1, 700);
"""


def free_port():
    """A port that nobody listens on just now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, is_so, seconds=60):
    """Waits until `is_so()`."""
    give_up = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > give_up:
            raise RuntimeError(f"{what} does not come")
        time.sleep(0.1)


def ends(process):
    """Ends a process."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def quiet(*arguments, **options):
    """A process that prints nowhere."""
    null = subprocess.DEVNULL
    return subprocess.Popen(arguments, stdin=null, stdout=null, stderr=null, **options)


@contextlib.contextmanager
def redis():
    """Flags that observe one; none without it."""
    server, client = shutil.which("redis-server"), shutil.which("redis-cli")
    if not server or not client:
        yield []
        return
    with tempfile.TemporaryDirectory() as place:
        port = str(free_port())
        process = quiet(server, "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", place)
        try:
            asks = [client, "-p", port]

            def ask(*words):
                return subprocess.run([*asks, *words], capture_output=True, text=True).stdout

            wait_for("Redis", lambda: "PONG" in ask("PING"))
            ask("XGROUP", "CREATE", "identity::customer", "CustomerCardProjector", "0", "MKSTREAM")
            for _ in range(10):
                ask("XADD", "identity::customer", "*", "data", "a")
            yield ["--redis", f"redis://127.0.0.1:{port}/0"]
        finally:
            ends(process)


def postgres_program(name):
    """Debian has them beside the path."""
    found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
    return found[-1] if found else shutil.which(name)


@contextlib.contextmanager
def postgres():
    """Flags that observe an outbox; none without one."""
    programs = [postgres_program(name) for name in ("initdb", "postgres", "psql")]
    if not all(programs):
        yield []
        return
    initdb, server, psql = programs
    with tempfile.TemporaryDirectory() as place:
        # It does not run as root.
        who = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(place, user.pw_uid, user.pw_gid)
            who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = os.path.join(place, "data")
        made = quiet(initdb, "--username=shop", "--auth=trust", "--no-sync", "-D", data, **who)
        if made.wait() != 0:
            raise RuntimeError("initdb failed")
        port = str(free_port())
        options = ["-k", place, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        process = quiet(server, "-D", data, "-p", port, *options, **who)
        url = f"postgres://shop@127.0.0.1:{port}/postgres"
        try:

            def ask(text):
                asked = subprocess.run([psql, url, "-c", text], capture_output=True, check=False)
                return asked.returncode == 0

            wait_for("PostgreSQL", lambda: ask("SELECT 1"))
            if not ask(OUTBOX):
                raise RuntimeError("the outbox could not be filled")
            yield ["--outbox", f"identity={url}"]
        finally:
            ends(process)
