"""A witness of when the machine itself stood still: what a service misses because nobody ran is no fault of the service.

A virtual machine loses a processor at times, for 20 to 150 ms. The worker that runs there stands still, and its clients, on
another processor, see nothing but a late answer. So a program sleeps in small steps on each processor, and tells when it woke
too late. `Trial` starts it, and it ends when stdin is closed.
"""

from __future__ import annotations

import contextlib
import gc
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from spans import Span, Spans

#: Often enough to see a hole almost whole, and seldom enough to take less than two hundredths of each processor.
BEAT = 0.003
#: Seconds by which a wake may be late on a machine that runs: while `overload` kept it busy, it was 2.5 ms at most.
ORDINARY = 0.005


class Witness:
    """The program, and what it has told so far."""

    def __init__(self) -> None:
        """Starts it."""
        self._process = subprocess.Popen(
            [sys.executable, "-B", Path(__file__)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdout
        os.set_blocking(self._process.stdout.fileno(), False)
        self._told = b""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def holes(self) -> list[Span]:
        """When some processor did not run."""
        assert self._process.stdout
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self._process.stdout.fileno(), 65536):
                self._told += piece
        holes: list[Span] = []
        for line in self._told.splitlines():
            begin, end = line.split()
            holes.append((float(begin), float(end)))
        return holes

    @property
    def excused(self) -> Spans:
        """The holes, and as long again behind each.

        Clients on other processors send on, and what has piled up is worked off beside what comes: that takes as long as the hole
        where processors are busy for half of the time.
        """
        return Spans((begin, end + (end - begin)) for begin, end in self.holes)

    def stop(self) -> Spans:
        """Ends it; all that it has told."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        holes = Spans(self.holes)
        assert self._process.stdout
        self._process.stdout.close()
        return holes


def watch(processor: int) -> None:
    """Tells each hole of one processor, on this thread."""
    os.sched_setaffinity(0, {processor})
    statistics = os.open("/proc/thread-self/schedstat", os.O_RDONLY)
    queued = _queued(statistics)
    while True:
        due = time.monotonic() + BEAT
        time.sleep(BEAT)
        now = time.monotonic()
        former, queued = queued, _queued(statistics)
        # Last it may have waited for its turn on a processor that ran, and that excuses nobody.
        end = now - (queued - former)
        if end - due > ORDINARY:
            os.write(1, f"{due} {end}\n".encode())


def _queued(statistics: int) -> float:
    """Seconds that this thread could have run and others did: proc(5), schedstat."""
    return int(os.pread(statistics, 100, 0).split()[1]) / 1e9


def main() -> None:
    gc.disable()
    # No thread is to wait for the interpreter, which would look like a hole.
    sys.setswitchinterval(BEAT / 20)
    # In front of everything that the service and its clients do, where that is permitted.
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    for processor in os.sched_getaffinity(0):
        threading.Thread(target=watch, args=(processor,), daemon=True).start()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
