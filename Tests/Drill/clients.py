"""A program that is many HTTP clients at once: one epoll loop, so that what it measures is the service and not itself.

`crowd.py` starts it. It reads its plan as one line of JSON from stdin, runs until stdin is closed, lets each client
finish what it is at, and writes what became of each request as JSON to stdout. It imports nothing of the drill, to start fast.
"""

from __future__ import annotations

import errno
import gc
import heapq
import json
import os
import random
import select
import socket
import sys
import time
from typing import Any

#: The loop wakes so often in any case. If it wakes later than that, the machine kept it from running, or it had too
#: much to do; an answer that it finds then may have been there for that long.
BEAT = 0.002


class Client:
    """One client: it sends a request, waits for the answer, pauses, and again."""

    __slots__ = ("number", "socket", "is_open", "input", "kind", "sent_at", "is_waiting", "output", "has_had_answer")

    def __init__(self, number: int) -> None:
        self.number = number
        self.socket: socket.socket | None = None
        #: Whether the handshake is over.
        self.is_open = False
        self.input = b""
        self.kind = 0
        self.sent_at = 0.0
        self.is_waiting = False
        self.output = b""
        self.has_had_answer = False


class Crowd:
    """All clients of this process."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.port: int = plan["port"]
        self.pause: float = plan["pause"]
        self.one_shot: bool = plan["oneShot"]
        self.patience: float = plan["patience"]
        self.requests: list[dict[str, Any]] = plan["requests"]
        self.weights = [request["weight"] for request in self.requests]
        self.chance = random.Random(plan["seed"])
        self.prefix = f"{os.getpid()}-"
        self.clients = [Client(number) for number in range(plan["clients"])]
        self.poll = select.epoll()
        self.by_descriptor: dict[int, Client] = {}
        self.timers: list[tuple[float, int]] = []
        self.made = 0
        #: Of each request: its kind, when it was sent, how long it took, the status (0 for none), Retry-After, who answered, and
        #: what went wrong.
        self.records: list[tuple[int, float, float, int, str, str, str]] = []
        #: Connections that the service closed in good order while no request was on its way.
        self.closed = 0
        #: From when to when the loop was late: it did not see an answer that was there.
        self.late: list[tuple[float, float]] = []
        self.is_stopping = False

    def run(self) -> None:
        now = time.monotonic()
        # All at once when there is no pause; else spread over the first one, so that they do not march in step.
        for client in self.clients:
            heapq.heappush(self.timers, (now + self.chance.random() * self.pause, client.number))
        self.poll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
        woke = now
        while not self.is_stopping or any(client.is_waiting for client in self.clients):
            due = time.monotonic() + BEAT
            if self.timers and self.timers[0][0] < due:
                due = self.timers[0][0]
            events = self.poll.poll(max(0.0, due - time.monotonic()))
            now = time.monotonic()
            if now > woke + BEAT:
                self.late.append((woke + BEAT, now))
            woke = now
            for descriptor, _ in events:
                if descriptor == 0:
                    self.is_stopping = True
                    self.poll.unregister(0)
                elif concerned := self.by_descriptor.get(descriptor):
                    self._go_on(concerned, now)
            while self.timers and self.timers[0][0] <= now:
                _, number = heapq.heappop(self.timers)
                client = self.clients[number]
                if client.is_waiting:
                    if now - client.sent_at >= self.patience:
                        self._end(client, now, 0, how=f"no answer within {self.patience:.0f} s")
                elif not self.is_stopping:
                    self._send(client)

    def _send(self, client: Client) -> None:
        client.kind = self.chance.choices(range(len(self.requests)), self.weights)[0]
        request = self.requests[client.kind]
        self.made += 1
        body = request["body"].replace("{n}", f"{self.prefix}{self.made}").encode()
        head = f"{request['method']} {request['target']} HTTP/1.1\r\nHost: localhost\r\n"
        if body:
            head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        if self.one_shot:
            head += "Connection: close\r\n"
        client.output = head.encode() + b"\r\n" + body
        client.is_waiting = True
        client.sent_at = time.monotonic()
        heapq.heappush(self.timers, (client.sent_at + self.patience, client.number))
        self._push(client)

    def _push(self, client: Client) -> None:
        """Sends what is to be sent, on a new connection if there is none."""
        if client.socket is None:
            client.socket = socket.socket()
            client.socket.setblocking(False)
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            client.is_open = client.has_had_answer = False
            self.by_descriptor[client.socket.fileno()] = client
            outcome = client.socket.connect_ex(("127.0.0.1", self.port))
            self.poll.register(client.socket.fileno(), select.EPOLLIN | select.EPOLLOUT)
            if outcome not in (0, errno.EINPROGRESS):
                self._end(client, time.monotonic(), 0, how=f"no connection ({os.strerror(outcome)})")
            return
        try:
            client.socket.send(client.output)
            client.output = b""
        except OSError as error:
            if client.has_had_answer:
                # Closed in good order before this was sent: it goes out on another one.
                self.closed += 1
                self._close(client)
                self._push(client)
            else:
                self._end(client, time.monotonic(), 0, how=f"reset before its first request ({error.strerror})")

    def _go_on(self, client: Client, now: float) -> None:
        """Something has happened on a client's connection."""
        assert client.socket is not None
        if not client.is_open:
            if outcome := client.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
                self._end(client, now, 0, how=f"no connection ({os.strerror(outcome)})")
                return
            client.is_open = True
            self.poll.modify(client.socket.fileno(), select.EPOLLIN)
            self._push(client)
            return
        try:
            data = client.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError as error:
            data, how = b"", f"reset ({error.strerror})"
        else:
            how = "closed"
        if not client.is_waiting:
            # An end between two requests, in good order.
            self.closed += 1
            self._close(client)
            return
        if not data:
            self._end(client, now, 0, how=f"{how} after {len(client.input)} bytes of the answer")
            return
        client.input += data
        end = client.input.find(b"\r\n\r\n")
        if end < 0:
            return
        head = client.input[:end].decode("latin-1").split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
        if len(client.input) - end - 4 < int(fields.get("content-length", "0")):
            return
        client.has_had_answer = True
        status, retry, worker = int(head[0][9:12]), fields.get("retry-after", ""), fields.get("x-panal-worker", "")
        has_ended = self.one_shot or fields.get("connection", "").lower() == "close"
        self._end(client, now, status, retry, worker, keeps=not has_ended)

    def _end(
        self, client: Client, now: float, status: int,
        retry: str = "", worker: str = "", how: str = "", keeps: bool = False,
    ) -> None:  # fmt: skip
        """A request has come to its end, with an answer or without."""
        self.records.append((client.kind, client.sent_at, now - client.sent_at, status, retry, worker, how))
        client.is_waiting = False
        client.input = b""
        if not keeps:
            self._close(client)
        if not self.is_stopping:
            pause = self.chance.uniform(0.5, 1.5) * self.pause
            heapq.heappush(self.timers, (now + (pause if status else max(pause, 0.02)), client.number))

    def _close(self, client: Client) -> None:
        if client.socket:
            del self.by_descriptor[client.socket.fileno()]
            client.socket.close()
            client.socket = None
        client.input = b""


def main() -> None:
    plan = json.loads(open(0, "rb", buffering=0, closefd=False).readline())
    crowd = Crowd(plan)
    # A collection stops the loop for milliseconds; nothing here is circular.
    gc.disable()
    crowd.run()
    json.dump({"records": crowd.records, "closed": crowd.closed, "late": crowd.late}, sys.stdout)


if __name__ == "__main__":
    main()
