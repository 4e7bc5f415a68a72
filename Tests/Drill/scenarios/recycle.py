"""Workers that leave after so many requests."""

from __future__ import annotations

from typing import ClassVar

from scenario import Scenario
from trial import Trial


class Recycle(Scenario):
    """MAX_REQUESTS so low that workers are replaced all the time."""

    name = "recycle"
    title = "recycling by MAX_REQUESTS=40"
    promise = "no request fails, the successor comes first"
    settings: ClassVar[dict[str, str]] = {"MAX_REQUESTS": "40"}

    def run(self, trial: Trial) -> None:
        service = trial.service
        wanted = trial.count(60, 10)
        since = len(service.log.events)
        trial.did(f"the load goes on until {wanted} workers were replaced")
        fewest = service.worker_count

        def is_done() -> bool:
            nonlocal fewest
            if len(service.workers) < fewest:
                # A list that is read while one of them is reaped may lack another; one that is missing is so for longer.
                fewest = min(fewest, max(len(service.workers) for _ in range(2)))
            return len(service.log.named("worker exited", since)) >= wanted

        trial.check(trial.load.wait_until(is_done, 60), f"{wanted} workers were replaced")
        trial.check(fewest >= service.worker_count, f"there never were fewer than {service.worker_count} workers")
        trial.recovered(service.wait_until_healthy())
