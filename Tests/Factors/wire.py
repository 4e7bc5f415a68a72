"""A small HTTP/1.1 client on one connection that tells a request that was lost from one that was never sent."""

from __future__ import annotations

import json
import select
import socket
from dataclasses import dataclass
from typing import Any

LOOPBACK = "127.0.0.1"
TIMEOUT = 20.0


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    #: By their names in lower case.
    fields: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


class NotSent(Exception):
    """Nobody listens, or the connection had been closed in good order: nothing is lost."""


class Lost(Exception):
    """The request was sent, and no whole answer came."""


class Connection:
    """One connection; it belongs to the thread that made it."""

    def __init__(self, port: int) -> None:
        try:
            self._socket = socket.create_connection((LOOPBACK, port), TIMEOUT)
        except OSError as error:
            raise NotSent(str(error)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._socket.getsockname()[1] == port:
            # The port is free and the kernel picked it as ours: the loopback answers itself.
            self.close()
            raise NotSent("nobody listens")
        self._input = bytearray()
        self._answered = 0

    def close(self) -> None:
        """Closes it."""
        self._socket.close()

    def ask(self, method: str, path: str, body: Any = None, fields: dict[str, str] | None = None) -> Answer:
        """Sends a request and waits for its answer."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {LOOPBACK}"]
        lines += [f"{name}: {value}" for name, value in (fields or {}).items()]
        if body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
        try:
            if self._has_ended():
                raise NotSent("closed before the request")
            self._socket.sendall("\r\n".join([*lines, "", ""]).encode() + content)
        except OSError as error:
            if self._answered:
                raise NotSent(str(error)) from error
            raise Lost(f"reset before its first request ({error})") from error
        try:
            answer = self._receive(method == "HEAD")
        except OSError as error:
            raise Lost(f"no answer to {method} {path}: {error}") from error
        self._answered += 1
        return answer

    def _has_ended(self) -> bool:
        look = select.poll()
        look.register(self._socket, select.POLLIN)
        return bool(look.poll(0)) and self._socket.recv(1, socket.MSG_PEEK) == b""

    def _receive(self, is_head: bool) -> Answer:
        while (end := self._input.find(b"\r\n\r\n")) < 0:
            self._read()
        head = self._input[:end].decode("latin-1").split("\r\n")
        del self._input[: end + 4]
        status = int(head[0].split(" ")[1])
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if is_head or status in (204, 304):
            return Answer(status, fields, b"")
        if fields.get("transfer-encoding") == "chunked":
            return Answer(status, fields, self._receive_chunks())
        return Answer(status, fields, self._take(int(fields.get("content-length", "0"))))

    def _receive_chunks(self) -> bytes:
        body = b""
        while True:
            while (end := self._input.find(b"\r\n")) < 0:
                self._read()
            size = int(self._input[:end].split(b";")[0], 16)
            del self._input[: end + 2]
            body += self._take(size)
            self._take(2)
            if size == 0:
                return body

    def _take(self, count: int) -> bytes:
        while len(self._input) < count:
            self._read()
        taken = bytes(self._input[:count])
        del self._input[:count]
        return taken

    def _read(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise Lost(f"closed after {len(self._input)} bytes of an answer")
        self._input += data


def ask(port: int, method: str, path: str, body: Any = None, fields: dict[str, str] | None = None) -> Answer:
    """A request on a connection of its own."""
    connection = Connection(port)
    try:
        return connection.ask(method, path, body, {"Connection": "close", **(fields or {})})
    finally:
        connection.close()
