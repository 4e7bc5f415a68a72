"""A program that is many partner hotels at once, one of them in its right mind, each on a port of its own.

`partners.py` among the scenarios starts it. It writes the ports by name as one line of JSON to stdout, serves until stdin
is closed, and then writes by name how often each was asked and how many bytes it has sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs, urlsplit

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter

#: Where cloud platforms keep a machine's credentials: nobody may be led there.
METADATA = "http://169.254.169.254/latest/meta-data/"
#: What `endless` promises to send.
ENDLESS = 10 << 30
PIECE = bytes(64 << 10)

asked: Counter[str] = Counter()
sent: Counter[str] = Counter()


def rooms(question: dict[str, list[str]]) -> bytes:
    """What a hotel with two rooms answers."""
    since, until, guests = (question.get(name, [""])[0] for name in ("from", "to", "guests"))
    # The drill asks for two nights.
    found = [
        {
            "id": name,
            "name": f"Room {name}",
            "capacity": 4,
            "pricePerNight": {"amount": f"{price}.00", "currency": "EUR"},
            "total": {"amount": f"{2 * price}.00", "currency": "EUR"},
        }
        for name, price in (("attic", 20), ("parlour", 130))
    ]
    return json.dumps({"from": since, "to": until, "guests": int(guests or "0"), "rooms": found}).encode()


def head(length: int, status: str = "200 OK", kind: str = "application/json", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{more}\r\n".encode()


class Gone(Exception):
    """This partner is done with the connection."""


async def good(writer: Writer, body: bytes) -> None:
    writer.write(head(len(body)) + body)


async def hangs(writer: Writer, body: bytes) -> None:
    await asyncio.sleep(3600)


async def resets(writer: Writer, body: bytes) -> None:
    # A close that does not linger is a reset: socket(7).
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Gone


async def garbage(writer: Writer, body: bytes) -> None:
    writer.write(os.urandom(4096))
    raise Gone


async def not_json(writer: Writer, body: bytes) -> None:
    junk = os.urandom(2048)
    writer.write(head(len(junk)) + junk)


async def endless(writer: Writer, body: bytes) -> None:
    # What nobody has taken yet is little, so that what was sent says how much was.
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, len(PIECE))
    writer.write(head(ENDLESS))
    for _ in range(ENDLESS // len(PIECE)):
        writer.write(PIECE)
        await writer.drain()
        sent["endless"] += len(PIECE)
    raise Gone


async def drips(writer: Writer, body: bytes) -> None:
    writer.write(head(len(body)))
    for byte in body:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(1)


async def half(writer: Writer, body: bytes) -> None:
    writer.write(head(len(body)) + body[: len(body) // 2])
    raise Gone


async def wrong_type(writer: Writer, body: bytes) -> None:
    writer.write(head(len(body), kind="text/html") + body)


async def fails(writer: Writer, body: bytes) -> None:
    writer.write(head(len(body), "500 Internal Server Error") + body)


async def redirects(writer: Writer, body: bytes) -> None:
    writer.write(head(0, "302 Found", more=f"Location: {METADATA}\r\n"))


async def other_dates(writer: Writer, body: bytes) -> None:
    other = body.replace(b'"from": "20', b'"from": "21')
    writer.write(head(len(other)) + other)


async def false_sum(writer: Writer, body: bytes) -> None:
    other = body.replace(b'"260.00"', b'"0.01"')
    writer.write(head(len(other)) + other)


PARTNERS: dict[str, Callable[[Writer, bytes], Awaitable[None]]] = {
    "good": good,
    "hangs": hangs,
    "resets": resets,
    "garbage": garbage,
    "not-json": not_json,
    "endless": endless,
    "drips": drips,
    "half": half,
    "wrong-type": wrong_type,
    "fails": fails,
    "redirects": redirects,
    "other-dates": other_dates,
    "false-sum": false_sum,
}


async def serve(name: str, reader: Reader, writer: Writer) -> None:
    """One connection of one partner."""
    # They leave in the middle of anything: that is what they are here for.
    with contextlib.suppress(OSError, EOFError, asyncio.LimitOverrunError, Gone):
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            asked[name] += 1
            await PARTNERS[name](writer, rooms(parse_qs(urlsplit(request.split(" ")[1]).query)))
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def main() -> None:
    ports: dict[str, int] = {}
    for name in PARTNERS:

        async def serve_as(reader: Reader, writer: Writer, name: str = name) -> None:
            await serve(name, reader, writer)

        server = await asyncio.start_server(serve_as, "127.0.0.1", 0, backlog=1024)
        ports[name] = server.sockets[0].getsockname()[1]
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps({"asked": asked, "sent": sent}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    asyncio.run(main())
