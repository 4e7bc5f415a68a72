"""What became of the requests of one scenario."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Failure:
    """A request that was sent and not answered, or answered with what it should not have been."""

    what: str
    how: str
    request_id: str
    sent_at: float
    failed_at: float
    #: The request answered before on the same connection: the log tells from it who held the connection.
    former_id: str | None
    #: Whether the service said something (a wrong status), or nothing at all.
    was_answered: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.how} ({self.request_id}, {self.failed_at - self.sent_at:.3f} s after it was sent)"


@dataclass
class Tally:
    """Counts that many threads add to. Moments are those of the monotonic clock."""

    sent: int = 0
    refused: int = 0
    #: Connections that were found closed, in good order, when the next request was to be sent.
    closed: int = 0
    acknowledged: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    slowest: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())

    def add_sent(self) -> None:
        with self._lock:
            self.sent += 1

    def add_refused(self) -> None:
        with self._lock:
            self.refused += 1

    def add_closed(self) -> None:
        with self._lock:
            self.closed += 1

    def add_answer(self, status: int, sent_at: float) -> None:
        with self._lock:
            self.statuses[status] += 1
            self.slowest = max(self.slowest, time.monotonic() - sent_at)

    def add_acknowledged(self) -> None:
        with self._lock:
            self.acknowledged += 1

    def add_failure(self, failure: Failure) -> None:
        with self._lock:
            self.failures.append(failure)
