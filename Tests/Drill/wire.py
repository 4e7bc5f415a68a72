"""A strict HTTP/1.1 client on one connection.

It tells apart what others call "connection error": whether a request was never sent (nobody listened, or the idle
connection had been closed in good order), or was sent and not answered. Only the second is a request that failed.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Request:
    """What goes out: kept small enough to leave in one send."""

    method: str
    target: str
    id: str
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    one_shot: bool = False

    @property
    def bytes(self) -> bytes:
        lines = [f"{self.method} {self.target} HTTP/1.1", f"Host: {LOOPBACK}", f"X-Request-ID: {self.id}"]
        lines += [f"{name}: {value}" for name, value in self.fields]
        if self.body:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        if self.one_shot:
            lines.append("Connection: close")
        return "\r\n".join([*lines, "", ""]).encode("ascii") + self.body


@dataclass(frozen=True)
class Answer:
    """A whole and well-formed answer."""

    status: int
    fields: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def closes(self) -> bool:
        return self.fields.get("connection", "").lower() == "close"


class NotSent(Exception):
    """The request never left: sending it again loses nothing."""


class Refused(NotSent):
    """Nobody listens, or nobody completes the handshake."""


class ClosedBefore(NotSent):
    """The connection was closed in good order before a request was sent on it."""


class Unanswered(Exception):
    """The request was sent, and no whole answer came: it was reset, cut off, malformed, or took too long."""

    def __init__(self, how: str) -> None:
        super().__init__(how)
        self.how = how


class Connection:
    """One connection; it belongs to the thread that made it."""

    def __init__(self, port: int, timeout: float) -> None:
        """Connects.

        Raises:
            Refused: when there is nobody to connect to.
        """
        self.answered = 0
        #: The id of the request answered last: the log tells from it who holds this connection.
        self.last_id: str | None = None
        self._input = bytearray()
        try:
            self._socket = socket.create_connection((LOOPBACK, port), timeout)
        except OSError as error:
            raise Refused(str(error)) from error
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local_port: int = self._socket.getsockname()[1]
        if self.local_port == port:
            # The port is free and the kernel picked it as ours: the loopback answers itself.
            self.close()
            raise Refused("nobody listens")

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, request: Request) -> None:
        """Sends a request whole.

        Raises:
            ClosedBefore: the other side had closed the connection; nothing was sent.
            Unanswered: a fresh connection that the kernel had accepted was reset.
        """
        try:
            if self._has_ended():
                raise ClosedBefore("closed before the request")
            self._socket.sendall(request.bytes)
        except OSError as error:
            if self.answered == 0:
                # The kernel had let this connection in: throwing it away is no orderly close.
                raise Unanswered(f"reset before its first request ({error.strerror})") from error
            raise ClosedBefore(str(error)) from error

    def receive(self, is_head: bool = False) -> Answer:
        """Waits for the answer.

        Raises:
            Unanswered: it did not come whole.
        """
        try:
            answer = self._read_answer(is_head)
        except TimeoutError as error:
            raise Unanswered(f"no answer within {self._socket.gettimeout():.0f} s") from error
        except OSError as error:
            raise Unanswered(f"reset after {len(self._input)} bytes of the answer") from error
        self.answered += 1
        return answer

    def exchange(self, request: Request) -> Answer:
        """Sends a request and waits for its answer."""
        self.send(request)
        return self.receive(request.method == "HEAD")

    def _has_ended(self) -> bool:
        look = select.poll()
        look.register(self._socket, select.POLLIN)
        return bool(look.poll(0)) and self._socket.recv(1, socket.MSG_PEEK) == b""

    def _read_answer(self, is_head: bool) -> Answer:
        end = self._fill_until(lambda: self._input.find(b"\r\n\r\n"))
        head = self._input[:end].decode("latin-1").split("\r\n")
        del self._input[: end + 4]
        version, _, rest = head[0].partition(" ")
        if version != "HTTP/1.1" or not rest[:3].isdigit():
            raise Unanswered(f"malformed answer: {head[0][:60]!r}")
        status = int(rest[:3])
        fields: dict[str, str] = {}
        for line in head[1:]:
            name, colon, value = line.partition(":")
            if not colon or name.lower() in fields:
                raise Unanswered(f"malformed answer: field {line[:60]!r}")
            fields[name.lower()] = value.strip()
        if is_head or status in (204, 304):
            return Answer(status, fields, b"")
        length = fields.get("content-length", "")
        if not length.isdigit():
            raise Unanswered("malformed answer: no Content-Length")
        self._fill_until(lambda: 0 if len(self._input) >= int(length) else -1)
        body = bytes(self._input[: int(length)])
        del self._input[: int(length)]
        if self._input:
            raise Unanswered("malformed answer: bytes behind its end")
        return Answer(status, fields, body)

    def _fill_until(self, found: Callable[[], int]) -> int:
        """Reads on until `found` gives an index instead of -1."""
        end = time.monotonic() + (self._socket.gettimeout() or 0)
        while (index := found()) < 0:
            if time.monotonic() > end:
                raise TimeoutError
            data = self._socket.recv(65536)
            if not data:
                raise Unanswered(f"closed after {len(self._input)} bytes of the answer")
            self._input += data
        return index
