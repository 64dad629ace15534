"""Writes the body that wrk, oha and h2load post, and the request that gcannon sends: wrk's bytes.

Its size is such that wrk's request has as many bytes on the wire, head included, as shopblast's mean
request: `bytes_out / requests` of a record. Two runs of 16 zeros stand where a body built anew would
have its ids.

Usage: write_body.py RUN_JSON AUTHORITY BODY_FILE REQUEST_FILE
"""

import json
import sys

ID = "0" * 16


def wrk_head(authority: str, body_bytes: int) -> str:
    """The head as wrk writes it; shopblast's has the same fields."""
    return (
        "POST /customers HTTP/1.1\r\n"
        f"Host: {authority}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {body_bytes}\r\n\r\n"
    )


def body_of(size: int) -> str:
    """A registration of `size` bytes."""

    def registration(padding: str) -> str:
        members = {
            "external_id": f"EXT-LT-{ID}",
            "email": f"m{padding}.{ID}@gmail.com",
            "first_name": "Alexa",
            "last_name": "Navarro",
        }
        return json.dumps(members, separators=(",", ":"))

    missing = size - len(registration(""))
    if missing < 0:
        sys.exit(f"error: a body of {size} bytes is too small for a registration with two ids")
    return registration("x" * missing)


def main() -> None:
    record_path, authority, body_path, request_path = sys.argv[1:]
    with open(record_path, encoding="utf-8") as file:
        totals = json.load(file)["totals"]
    wire_bytes = round(totals["bytes_out"] / totals["requests"])
    body_bytes = wire_bytes - len(wrk_head(authority, 100))
    with open(body_path, "w", encoding="ascii") as file:
        file.write(body_of(body_bytes))
    with open(request_path, "w", encoding="ascii", newline="") as file:
        file.write(wrk_head(authority, body_bytes) + body_of(body_bytes))
    print(wire_bytes, body_bytes)


main()
