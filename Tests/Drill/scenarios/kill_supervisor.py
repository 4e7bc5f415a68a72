"""kill -9 of the supervisor."""

from __future__ import annotations

import signal
import time

import processes
from scenario import Scenario
from tally import Failure
from trial import Trial

#: How long workers may outlive their supervisor and the request that they were in.
ORPHAN_LIMIT = 1.0


class KillSupervisor(Scenario):
    """The supervisor dies without a word, and a platform starts the service again at once, on the same port."""

    name = "kill-supervisor"
    title = "kill -9 of the supervisor, then a start"
    promise = "workers answer what they hold and leave within a second; only connections nobody accepted are reset"

    def __init__(self) -> None:
        self._gaps: list[tuple[float, float]] = []

    def run(self, trial: Trial) -> None:
        service = trial.service
        for _ in range(trial.count(6, 2)):
            orphans = service.workers
            trial.did(f"kill -9 of the supervisor {service.pid}")
            began = time.monotonic()
            service.signal(signal.SIGKILL)
            service.wait_for_exit(0.05)

            def are_gone(orphans: list[int] = orphans) -> bool:
                service.reap_orphans()
                return not any(processes.is_alive(pid) for pid in orphans)

            trial.load.wait_until(are_gone, 10)
            seconds = time.monotonic() - began
            # A worker answers what it holds first, and that takes what it takes on this disk.
            limit = trial.fair(ORPHAN_LIMIT, began) + trial.load.tally.slowest
            trial.check(seconds <= limit, f"no worker is left within {limit:.1f} s ({seconds:.3f} s)")
            service.start_again()
            if service.wait_until_healthy() is None:
                trial.recovered(None)
                return
            ended = time.monotonic()
            self._gaps.append((began, ended))
            trial.recovered(ended - began)
            trial.load.wait_for_answers(60, 10)

    def excuses(self, trial: Trial, failure: Failure) -> bool:
        is_fresh = failure.former_id is None and not failure.was_answered
        return is_fresh and any(began <= failure.failed_at and failure.sent_at <= ended for began, ended in self._gaps)
