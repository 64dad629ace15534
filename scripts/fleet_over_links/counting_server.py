"""A target that answers every request with 200 and counts: `GET /told` tells how many came, and how many
seconds ago the last one did.

Usage: counting_server.py ADDRESS PORT
"""

import asyncio
import json
import sys
import time

REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
requests, last = 0, time.monotonic()


async def serve(reader, writer):
    global requests, last
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /told "):
                body = json.dumps({"requests": requests, "last_s": time.monotonic() - last}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
                break
            requests, last = requests + 1, time.monotonic()
            writer.write(REPLY)
            await writer.drain()
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
        pass
    writer.close()


async def main():
    server = await asyncio.start_server(serve, sys.argv[1], int(sys.argv[2]), backlog=1024)
    print("serving", flush=True)
    async with server:
        await server.serve_forever()


asyncio.run(main())
