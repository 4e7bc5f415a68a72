"""kill -9 of workers."""

from __future__ import annotations

import time

from allowances import write_refused_with_503
from scenario import Scenario
from tally import Failure
from trial import Trial, median


class KillWorkers(Scenario):
    """Workers die without a word, first one after another, then all at the same moment."""

    name = "kill-workers"
    title = "kill -9 of workers, one after another, then all at once"
    promise = "only requests on a killed worker's connections are cut, and a successor serves at once"

    # So that a kill often meets a commit: written, and not yet acknowledged.
    on_disk = True

    def run(self, trial: Trial) -> None:
        service = trial.service
        # A disk that is busy for seconds makes writers wait for each other.
        trial.load.allow(write_refused_with_503)
        since = len(service.log.events)
        kills: dict[int, float] = {}
        times = trial.count(40, 10)
        trial.did(f"kill -9 of {times} workers, the oldest each time")
        for _ in range(times):
            pid = service.workers[0]
            kills[pid] = trial.kill(pid)
            if not trial.wait_for_size(service.worker_count):
                trial.check(False, "a killed worker is replaced")
                return
            trial.load.wait_for_answers(20, 5)
        # The log tells of the last one a moment later.
        trial.load.wait_until(lambda: len(trial.replacements(kills, since)) == len(kills), 20)
        milliseconds = trial.replacements(kills, since)
        trial.note(f"successor ready {median(milliseconds):.0f} ms after the kill (median of {len(milliseconds)})")
        trial.check(len(milliseconds) == len(kills), "every killed worker has a successor")

        for _ in range(trial.count(3, 1)):
            victims = service.workers
            trial.did(f"kill -9 of all {len(victims)} workers at once")
            began = time.monotonic()
            trial.kill(*victims)
            healthy = service.wait_until_healthy()
            trial.recovered(None if healthy is None else time.monotonic() - began)

    def excuses(self, trial: Trial, failure: Failure) -> bool:
        return trial.fell_with_its_worker(failure)
