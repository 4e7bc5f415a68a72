"""The service's log, read as it is written."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import IO, Any

Event = dict[str, Any]


class Logbook:
    """Collects the JSON lines of one service's stdout on a thread.

    Of access events it keeps which worker served a request, and the longest time; all other events it keeps whole.
    """

    def __init__(self, stream: IO[bytes], on_event: Callable[[Event], None]) -> None:
        self.events: list[Event] = []
        self.faults: list[str] = []
        #: The longest time that a request took by the service's own account, in seconds.
        self.longest_request = 0.0
        self._workers: dict[str, int] = {}
        self._changed = threading.Condition()
        self._on_event = on_event
        self._flows = threading.Event()
        self._flows.set()
        self._reader = threading.Thread(target=self._read, args=(stream,), name="logbook", daemon=True)
        self._reader.start()

    def stall(self) -> None:
        """Reads no more until `resume`: what is written piles up in the pipe, and then nowhere."""
        self._flows.clear()

    def resume(self) -> None:
        """Reads on."""
        self._flows.set()

    def wait_for(self, matches: Callable[[Event], bool], timeout: float, since: int = 0) -> Event | None:
        """The first event from number `since` on that matches; None when none came in time."""
        end = time.monotonic() + timeout
        with self._changed:
            while True:
                for event in self.events[since:]:
                    if matches(event):
                        return event
                since = len(self.events)
                left = end - time.monotonic()
                if left <= 0 or not self._reader.is_alive():
                    return None
                self._changed.wait(min(left, 0.25))

    def named(self, message: str, since: int = 0) -> list[Event]:
        """All events with this message from number `since` on."""
        with self._changed:
            return [event for event in self.events[since:] if event["message"] == message]

    def worker_of(self, request_id: str) -> int | None:
        """The pid of the worker that served a request; None when it told nobody."""
        with self._changed:
            return self._workers.get(request_id)

    def finish(self, timeout: float) -> None:
        """Waits until all writers have closed the stream."""
        self.resume()
        self._reader.join(timeout)

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            self._flows.wait()
            try:
                event = json.loads(line)
                message = event["message"]
            except (ValueError, KeyError, TypeError):
                self.faults.append(f"not a JSON event: {line[:200]!r}")
                continue
            if len(line) > 4096:
                self.faults.append(f"longer than 4096 bytes: {line[:80]!r}")
            with self._changed:
                if message == "request":
                    self.longest_request = max(self.longest_request, event.get("durationMs", 0) / 1000)
                    self._workers[event.get("requestId", "")] = event.get("worker", 0)
                    continue
                self.events.append(event)
                self._changed.notify_all()
            self._on_event(event)
        stream.close()
