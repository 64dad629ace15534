"""Suspends customers twice, as people do it without a race: two processes of an ordinary HTTP client
with a connection each and a barrier between them (`clients`), or two curls that the shell starts in
the background (`curls`)."""

import http.client
import json
import multiprocessing
import subprocess
import sys

BODY = json.dumps({"reason": "twice"})
HEADERS = {"content-type": "application/json"}


def register(connection, number):
    body = {
        "external_id": f"PAIR-{number}",
        "email": f"pair{number}@example.org",
        "first_name": "A",
        "last_name": "B",
    }
    connection.request("POST", "/customers", json.dumps(body), HEADERS)
    return json.loads(connection.getresponse().read())["customer_id"]


def client(port, paths, barrier):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    for path in paths:
        barrier.wait(timeout=10)
        connection.request("PUT", path, BODY, HEADERS)
        reply = connection.getresponse()
        reply.read()
        if reply.status == 500:
            # The shop closes the connection after a crash, without announcing it.
            connection.close()
            connection.connect()


def by_clients(port, paths):
    barrier = multiprocessing.Barrier(2)
    both = [multiprocessing.Process(target=client, args=(port, paths, barrier)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(timeout=60)
        if one.exitcode != 0:
            one.kill()
            sys.exit("a client did not come to its end")


def by_curls(port, paths):
    curl = "curl -s -o /dev/null -X PUT -H 'content-type: application/json' -d '{}' http://127.0.0.1:{}{}"
    for path in paths:
        one = curl.format(BODY, port, path)
        subprocess.run(["sh", "-c", f"{one} & {one} & wait"], check=True, timeout=10)


kind, port, pairs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
desk = http.client.HTTPConnection("127.0.0.1", port)
paths = [f"/customers/{register(desk, number)}/suspend" for number in range(pairs)]
{"clients": by_clients, "curls": by_curls}[kind](port, paths)
