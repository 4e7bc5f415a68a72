"""SIGSTOP of the supervisor."""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from scenario import Scenario
from trial import Trial


class StopSupervisor(Scenario):
    """The supervisor sleeps through every deadline there is (as in a suspended machine) and wakes."""

    name = "stop-supervisor"
    title = "the supervisor is SIGSTOPped beyond every deadline, then continued"
    promise = "the workers serve on, and the supervisor that wakes kills nobody"
    settings: ClassVar[dict[str, str]] = {"REQUEST_TIMEOUT": "1s", "BOOT_TIMEOUT": "1s"}

    def run(self, trial: Trial) -> None:
        service = trial.service
        workers = service.workers
        since = len(service.log.events)
        seconds = trial.pick(10, 3.5)
        trial.did(f"SIGSTOP of the supervisor for {seconds} s")
        service.signal(signal.SIGSTOP)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not trial.load.wait_for_answers(50, 5):
                trial.check(False, "the workers serve on")
                break
        service.signal(signal.SIGCONT)
        trial.did("SIGCONT")
        trial.pause(0.5)
        trial.recovered(service.wait_until_healthy())
        trial.check(service.workers == workers, "the workers are the same as before")
        trial.check(not service.log.named("worker exited", since), "no worker was killed")
