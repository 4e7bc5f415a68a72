"""How late the drill itself is: what it measures on its own threads is late by that; the machine's holes have a witness."""

from __future__ import annotations

import threading
import time

from spans import Span

_BEAT = 0.01
#: A sleep that ends so much too late is ordinary scheduling.
_ORDINARY = 0.04


class Heartbeat:
    """A thread that sleeps in small steps and writes down when it woke too late."""

    def __init__(self) -> None:
        #: When this process was kept from running, so far.
        self.holes: list[Span] = []
        self._stopping = threading.Event()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()

    def _beat(self) -> None:
        while not self._stopping.is_set():
            due = time.monotonic() + _BEAT
            time.sleep(_BEAT)
            now = time.monotonic()
            if now - due > _ORDINARY:
                self.holes.append((due, now))
