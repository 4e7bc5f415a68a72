"""Whether a server answers as HttpArena's rules ask: the shapes of its validation, with numbers drawn anew each time."""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from pathlib import Path


class Wrong(Exception):
    """An answer is not what the rules ask for."""


def check(port: int, data: Path, profiles: tuple[str, ...]) -> int:
    """Asks for everything that the profiles need.

    Returns: How many answers were looked at.
    Raises: Wrong.
    """
    asked = 0

    def expect(method: str, target: str, want: bytes | None, kind: str, body: bytes | None = None, chunked: bool = False) -> bytes:
        nonlocal asked
        asked += 1
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        content = iter([body]) if chunked and body is not None else body
        connection.request(method, target, content, {"Content-Type": "text/plain"} if body is not None else {}, encode_chunked=chunked)
        answer = connection.getresponse()
        found = answer.read()
        connection.close()
        if answer.status != 200 or want is not None and found.strip() != want:
            raise Wrong(f"{method} {target}: {answer.status} {found[:80]!r}, not {want!r}")
        media = (answer.headers.get("Content-Type") or "").partition(";")[0].replace("text/javascript", "application/javascript")
        if media != kind:
            raise Wrong(f"{method} {target}: Content-Type is {media!r}, not {kind}")
        return found

    a, b, c = (random.randint(100, 999) for _ in range(3))
    if "baseline" in profiles:
        for first, second, third in ((13, 42, 20), (a, b, c), (a, b, c + 1)):
            target = f"/baseline11?a={first}&b={second}"
            expect("GET", target, b"%d" % (first + second), "text/plain")
            for chunked in (False, True):
                expect("POST", target, b"%d" % (first + second + third), "text/plain", b"%d" % third, chunked)
        head = "POST /baseline11?a=13&b=42 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
        for parts in (
            ("GET /baseli", "ne11?a=13&b=42 HTTP/1.1\r\n", "Host: localhost\r\nConnection: close\r\n\r\n"),
            ("GET /baseline11?a=13&b=42 HTTP/1.1\r\n", "Host: localhost\r\n", "Connection: close\r\n\r\n"),
            (head, "20"),
            (head, "2", "0"),
        ):
            asked += 1
            want = "55" if parts[0].startswith("GET") else "75"
            if (found := _in_pieces(port, parts)) != want:
                raise Wrong(f"{parts[0][:20]!r} in {len(parts)} pieces: {found!r}, not {want}")
    if "pipelined" in profiles:
        expect("GET", "/pipeline", b"ok", "text/plain")
    if "json" in profiles:
        items = json.loads((data / "dataset.json").read_text())
        for count, factor in ((12, 3), (22, 7), (31, 2), (50, 5), (random.randint(1, 50), random.randint(2, 9))):
            found = json.loads(expect("GET", f"/json/{count}?m={factor}", None, "application/json"))
            want = [{**item, "total": item["price"] * item["quantity"] * factor} for item in items[:count]]
            if found != {"items": want, "count": count}:
                raise Wrong(f"/json/{count}?m={factor}: other items than those of the data set")
    if "upload" in profiles:
        for size in (17, random.randint(1, 5000), 500 << 10, 2 << 20, 10 << 20, 20 << 20):
            expect("POST", "/upload", b"%d" % size, "text/plain", random.randbytes(size))
    if "static" in profiles:
        kinds = {
            "css": "text/css", "js": "application/javascript", "html": "text/html", "json": "application/json",
            "svg": "image/svg+xml", "webp": "image/webp", "woff2": "font/woff2",
        }
        for path in sorted((data / "static").iterdir()):
            if (kind := kinds.get(path.suffix[1:])) and expect("GET", f"/static/{path.name}", None, kind) != path.read_bytes():
                raise Wrong(f"/static/{path.name} is not the file")
    return asked


def _in_pieces(port: int, parts: tuple[str, ...]) -> str:
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for part in parts:
            connection.sendall(part.encode())
            # So that each arrives by itself.
            time.sleep(0.03)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"chunked" in head.lower():
        body = body.split(b"\r\n")[1]
    return body.decode().strip()
