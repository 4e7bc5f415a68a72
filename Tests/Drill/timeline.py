"""The live timeline: when, what was done (>), what was seen (<), what was checked (+ or !)."""

from __future__ import annotations

import sys
import threading
import time


class Timeline:
    """Prints a line for each thing that happens, with the seconds since the drill began."""

    def __init__(self, is_quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self._is_quiet = is_quiet

    @property
    def offset(self) -> float:
        """Seconds since the drill began."""
        return time.monotonic() - self._began

    def heading(self, text: str) -> None:
        self._print(f"\n{self.offset:9.3f} s  == {text}")

    def did(self, text: str) -> None:
        self._print(f"{self.offset:9.3f} s   > {text}")

    def saw(self, text: str) -> None:
        self._print(f"{self.offset:9.3f} s   < {text}")

    def held(self, text: str) -> None:
        self._print(f"{self.offset:9.3f} s   + {text}")

    def broke(self, text: str) -> None:
        self._print(f"{self.offset:9.3f} s   ! {text}")

    def _print(self, line: str) -> None:
        if not self._is_quiet:
            with self._lock:
                print(line, file=sys.stdout, flush=True)
