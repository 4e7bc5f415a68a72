"""Clients in a process of their own, and what became of their requests."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from spans import Spans
from witness import Witness

PROGRAM = Path(__file__).with_name("clients.py")
#: How long a client waits for an answer: longer than any deadline of the service.
PATIENCE = 30.0


@dataclass(frozen=True)
class Ask:
    """What clients ask for. `{n}` in the body becomes another text each time; the weight is against that of others."""

    target: str
    method: str = "GET"
    body: str = ""
    weight: float = 1


@dataclass(frozen=True)
class Reply:
    """What became of one request."""

    target: str
    #: The moment it was sent, by the monotonic clock, which all processes share; a one-shot request before it connects.
    sent_at: float
    #: Seconds until the answer.
    seconds: float
    #: At most so many of these seconds the machine took: it did not let the client's process run, which had the answer already,
    #: or some processor, which may have been the service's.
    late: float
    #: 0 for no answer.
    status: int
    retry_after: str
    #: Process and thread that answered, where the service says so (DEBUG_HEADERS).
    worker: str
    #: What went wrong, if there was no answer.
    how: str

    @property
    def wait(self) -> float:
        """Seconds that the service let the client wait, as far as the client can tell."""
        return self.seconds - self.late


@dataclass
class Replies:
    """What became of many requests."""

    all: list[Reply] = field(default_factory=list)
    #: Connections that were closed in good order while no request was on its way.
    closed: int = 0
    #: Seconds that the machine kept a client's process from running, at the longest.
    late: float = 0.0

    def where(self, matches: Callable[[Reply], bool]) -> Replies:
        """Those of them that match."""
        return Replies([reply for reply in self.all if matches(reply)], self.closed, self.late)

    def between(self, begin: float, end: float) -> Replies:
        """Those that were sent between two moments."""
        return self.where(lambda reply: begin <= reply.sent_at < end)

    def of(self, target: str) -> Replies:
        """Those that asked for this."""
        return self.where(lambda reply: reply.target == target)

    def with_status(self, *statuses: int) -> Replies:
        """Those that were answered so."""
        return self.where(lambda reply: reply.status in statuses)

    def percentile(self, part: float) -> float:
        """The wait in seconds that so many of a hundred do not exceed; 0 when there are none."""
        waits = sorted(reply.wait for reply in self.all)
        return waits[max(0, math.ceil(len(waits) * part / 100) - 1)] if waits else 0.0

    @property
    def longest(self) -> float:
        """The longest wait in seconds."""
        return max((reply.wait for reply in self.all), default=0.0)

    @property
    def waits(self) -> str:
        """Their waits in a few words."""
        p50, p99 = (f"{self.percentile(part) * 1000:.1f}" for part in (50, 99))
        return f"{len(self.all)} requests, p50 {p50} ms, p99 {p99} ms, longest {self.longest * 1000:.1f} ms"

    def __len__(self) -> int:
        return len(self.all)

    @staticmethod
    def joined(parts: Iterable[Replies]) -> Replies:
        """Those of several crowds."""
        parts = list(parts)
        return Replies(
            [reply for part in parts for reply in part.all],
            sum(part.closed for part in parts),
            max((part.late for part in parts), default=0.0),
        )


class Crowd:
    """So many clients, each of which sends a request, waits for the answer, pauses, and so on."""

    def __init__(
        self, port: int, clients: int, asks: list[Ask], *, pause: float = 0.0, one_shot: bool = False, seed: int = 1
    ) -> None:
        """Starts them.

        Args:
            pause: seconds between an answer and the next request, on average; from half of that to half as much more.
            one_shot: whether each request has a connection of its own.
        """
        self._asks = asks
        self._process = subprocess.Popen(
            [sys.executable, "-B", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        plan = {
            "port": port,
            "clients": clients,
            "pause": pause,
            "oneShot": one_shot,
            "patience": PATIENCE,
            "seed": seed,
            "requests": [
                {"target": ask.target, "method": ask.method, "body": ask.body, "weight": ask.weight} for ask in asks
            ],
        }
        assert self._process.stdin
        self._process.stdin.write(json.dumps(plan).encode() + b"\n")
        self._process.stdin.flush()

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop_soon(self) -> None:
        """Tells them to send nothing more, without waiting for what they are at."""
        if self._process.stdin:
            self._process.stdin.close()
            self._process.stdin = None

    def stop(self, witness: Witness) -> Replies:
        """Lets each client finish what it is at; what became of their requests."""
        self.stop_soon()
        output, _ = self._process.communicate(timeout=PATIENCE + 10)
        result = json.loads(output)
        own = Spans((begin, end) for begin, end in result["late"])
        lost = Spans([*own.all, *witness.excused.all])
        replies = [
            Reply(self._asks[kind].target, sent_at, took, lost.within(sent_at, sent_at + took), *rest)
            for kind, sent_at, took, *rest in result["records"]
        ]
        return Replies(replies, result["closed"], own.longest)
