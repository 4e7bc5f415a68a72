"""Bodies that never end."""

from __future__ import annotations

import itertools
import selectors
import socket
import time
from collections import Counter

from scenario import Scenario
from trial import Trial
from wire import LOOPBACK

CLIENTS = 300
#: MAX_BODY_SIZE is a million bytes. A client sends almost as much, and never the rest.
DECLARED = 999_999
SENT = 999_000
#: What the service may take more for all of these bodies. Together they are 300 MB.
BOUND = 64 << 20
#: For unknown paths, for bodies beyond the route's limit, and for those beyond the worker's memory for bodies.
REFUSALS = {404, 413, 503}
#: How long an answer may take meanwhile.
PATIENCE = 2.0

_BODY = bytes(SENT)


class Bodies(Scenario):
    """Hundreds of clients send large bodies almost to their end, and hold them there."""

    name = "bodies"
    title = f"{CLIENTS} clients hold bodies of almost MAX_BODY_SIZE"
    promise = f"they take at most {BOUND >> 20} MiB in all, and everybody else is served"

    def run(self, trial: Trial) -> None:
        service, load = trial.service, trial.load
        for _ in range(trial.count(3, 1)):
            before = service.memory
            load.tally.slowest = 0
            began = time.monotonic()
            crowd = _Crowd(service.port)
            try:
                trial.did(f"{CLIENTS} clients, half of them for a path that there is not, half of them chunked")
                crowd.push(trial.pick(10, 4))
                more = service.memory - before
                trial.check(more <= BOUND, f"memory for all bodies stays below {BOUND >> 20} MiB ({more >> 20} MiB)")
                trial.check(load.wait_for_answers(100, 10), "everybody else is served")
                limit = trial.fair(PATIENCE, began)
                slowest = load.tally.slowest
                trial.check(slowest <= limit, f"no answer takes longer than {limit:.1f} s ({slowest:.2f} s)")
                told = ", ".join(f"{count} × {status}" for status, count in sorted(crowd.statuses.items()))
                trial.note(f"the crowd was told: {told or 'nothing'}")
                trial.check(set(crowd.statuses) <= REFUSALS, "who is refused is told why (404, 413 or 503)")
                trial.check(crowd.advised, "a 503 says when to come again")
            finally:
                crowd.close()
            trial.recovered(service.wait_until_healthy())


class _Crowd:
    """Connections, each with the rest of what it has to send."""

    def __init__(self, port: int) -> None:
        self.statuses: Counter[int] = Counter()
        self.advised = True
        self._rest: dict[socket.socket, memoryview] = {}
        self._selector = selectors.DefaultSelector()
        kinds = itertools.product(("/nowhere", "/v1/bookings"), (False, True))
        for path, is_chunked in itertools.islice(itertools.cycle(list(kinds)), CLIENTS):
            client = socket.create_connection((LOOPBACK, port), 5)
            client.setblocking(False)
            framing = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {DECLARED}"
            head = f"POST {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\nContent-Type: application/json\r\n{framing}\r\n\r\n"
            chunk = f"{DECLARED:x}\r\n" if is_chunked else ""
            self._rest[client] = memoryview((head + chunk).encode() + _BODY)
            self._selector.register(client, selectors.EVENT_READ | selectors.EVENT_WRITE)

    def push(self, seconds: float) -> None:
        """Sends what the service takes, until it takes no more or the time is over."""
        end = time.monotonic() + seconds
        quiet_since = time.monotonic()
        while time.monotonic() < end and time.monotonic() - quiet_since < 0.5:
            for key, events in self._selector.select(0.1):
                client = key.fileobj
                assert isinstance(client, socket.socket)
                if events & selectors.EVENT_READ:
                    self._read(client)
                elif self._send(client):
                    quiet_since = time.monotonic()

    def close(self) -> None:
        self._selector.close()
        for client in self._rest:
            client.close()

    def _send(self, client: socket.socket) -> bool:
        rest = self._rest[client]
        try:
            count = client.send(rest[:65536])
        except BlockingIOError:
            return False
        except OSError:
            self._selector.unregister(client)
            return False
        self._rest[client] = rest[count:]
        if not self._rest[client]:
            self._selector.modify(client, selectors.EVENT_READ)
        return True

    def _read(self, client: socket.socket) -> None:
        """Takes the answer, which ends the request wherever it was."""
        try:
            answer = client.recv(65536)
        except OSError:
            answer = b""
        self._selector.unregister(client)
        if answer.startswith(b"HTTP/1.1 ") and answer[9:12].isdigit():
            status = int(answer[9:12])
            self.statuses[status] += 1
            if status == 503 and b"\r\nretry-after:" not in answer.lower():
                self.advised = False
