"""A log that nobody reads."""

from __future__ import annotations

import signal
import time
from typing import ClassVar

from scenario import Scenario
from trial import Trial

#: What a pipe holds, and more, in access events: the service finds it full.
MANY = 600
#: How long a request may take while its worker waits for the reader, at the most.
PATIENCE = 3.0


class StalledLog(Scenario):
    """Whoever reads the log stops reading (a stuck collector, a terminal that was paused), and goes on later."""

    name = "stalled-log"
    title = "the log's reader stalls, also during a roll and a stop"
    promise = "requests, probes, a roll and a stop go on; once the reader is back, it learns how many lines are missing"
    settings: ClassVar[dict[str, str]] = {"REQUEST_TIMEOUT": "2s", "SHUTDOWN_TIMEOUT": "5s"}

    def run(self, trial: Trial) -> None:
        service = trial.service
        for _ in range(trial.count(3, 1)):
            self._stall(trial)
            former = set(service.workers)
            trial.did("HUP")
            service.signal(signal.SIGHUP)
            trial.check(trial.wait_for_successors(former, 10), "a roll replaces all workers meanwhile")
            since = len(service.log.events)
            service.log.resume()
            trial.did("the reader is back")
            dropped = service.log.wait_for(lambda event: event["message"] == "log lines dropped", 5, since)
            trial.check(dropped is not None, "the log says that lines are missing")
            count = dropped.get("count", 0) if dropped else 0
            trial.check(count > 0, f"and how many ({count})")

            self._stall(trial)
            trial.did("TERM")
            began = time.monotonic()
            service.signal(signal.SIGTERM)
            code = service.wait_for_exit(20)
            seconds = time.monotonic() - began
            limit = trial.fair(PATIENCE, began)
            trial.check(code == 0, f"it stops gracefully (exit code {code})")
            trial.check(seconds <= limit, f"within {limit:.1f} s ({seconds:.2f} s)")
            service.log.finish(2)
            began = time.monotonic()
            service.start_again()
            service.wait_until_healthy()
            trial.recovered(time.monotonic() - began)

    def _stall(self, trial: Trial) -> None:
        """The reader stops, and the service goes on beyond what the pipe holds."""
        service, load = trial.service, trial.load
        load.wait_for_answers(50, 10)
        load.tally.slowest = 0
        began = time.monotonic()
        service.log.stall()
        trial.did("nobody reads the log any more")
        trial.check(load.wait_for_answers(MANY, trial.fair(10, began)), f"{MANY} requests are answered")
        limit = trial.fair(PATIENCE, began)
        slowest = load.tally.slowest
        trial.check(slowest <= limit, f"none takes longer than {limit:.1f} s (the slowest {slowest:.2f} s)")
        for target in ("/livez", "/readyz"):
            trial.check(service.probe(target) == 200, f"{target} answers")
