"""SIGSTOP of a worker."""

from __future__ import annotations

import signal
import time
from typing import ClassVar

import processes
from allowances import write_refused_with_503
from scenario import Scenario
from tally import Failure
from trial import Trial

#: So many answers show that others serve on. If the worker froze with the database locked, writers hold them up.
FEW = 15


class StopWorker(Scenario):
    """A worker freezes with all its connections, and wakes later, unless it was replaced."""

    name = "stop-worker"
    title = "a worker is SIGSTOPped, then continued"
    promise = "all others serve on; what the frozen one holds is answered when it wakes, or falls with it when aborted"
    settings: ClassVar[dict[str, str]] = {"REQUEST_TIMEOUT": "1s"}

    def __init__(self) -> None:
        self._was_aborted = False

    def run(self, trial: Trial) -> None:
        service = trial.service
        pid = service.workers[-1]
        seconds = trial.pick(8, 2.5)
        since = len(service.log.events)
        trial.did(f"SIGSTOP of worker {pid} for {seconds} s")
        # It may have frozen in the middle of a write, with the database's lock in its hand.
        trial.load.allow(write_refused_with_503)
        began = time.monotonic()
        service.signal(signal.SIGSTOP, pid)
        served = trial.load.wait_for_answers(FEW, seconds)
        trial.check(served, f"others serve on ({FEW} answers in {time.monotonic() - began:.2f} s)")
        trial.check(service.probe("/livez") == 200, "new connections are answered")
        trial.load.wait_until(lambda: not processes.is_alive(pid), max(0.0, seconds - (time.monotonic() - began)))
        service.signal(signal.SIGCONT, pid)
        ended = time.monotonic()
        trial.load.disallow()
        trial.did(f"SIGCONT of worker {pid}")
        trial.recovered(service.wait_until_healthy())
        trial.add_outage(pid, began, ended)
        exits = service.log.named("worker exited", since)
        self._was_aborted = any(event.get("worker") == pid for event in exits)
        trial.note("it was replaced" if self._was_aborted else "it went on")
        trial.check(all(event.get("worker") == pid for event in exits), "no other worker was touched")

    def excuses(self, trial: Trial, failure: Failure) -> bool:
        return self._was_aborted and trial.fell_with_its_worker(failure)
