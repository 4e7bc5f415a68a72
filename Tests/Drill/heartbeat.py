"""How late the machine itself is: a time limit that a service misses because nobody ran is no fault of the service."""

from __future__ import annotations

import threading
import time

_BEAT = 0.01
#: A sleep that ends so much too late is ordinary scheduling.
_ORDINARY = 0.04


class Heartbeat:
    """A thread that sleeps in small steps and sums up how much too late it woke."""

    def __init__(self) -> None:
        #: Seconds by which this process was kept from running, so far.
        self.delay = 0.0
        self._stopping = threading.Event()
        threading.Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        """Ends the thread."""
        self._stopping.set()

    def _beat(self) -> None:
        while not self._stopping.is_set():
            began = time.monotonic()
            time.sleep(_BEAT)
            late = time.monotonic() - began - _BEAT
            if late > _ORDINARY:
                self.delay += late
