"""HUP, again and again."""

from __future__ import annotations

import random
import signal
import time

from scenario import Scenario
from trial import Trial


class RollStorm(Scenario):
    """Orders to roll arrive while rolls are under way."""

    name = "roll-storm"
    title = "rolling restarts: a storm of HUP"
    promise = "no request fails, and every worker is replaced"

    def run(self, trial: Trial) -> None:
        service = trial.service
        chance = random.Random(3)
        since = len(service.log.events)
        for _ in range(trial.count(8, 2)):
            former = set(service.workers)
            trial.did("HUP, twelve times within 0 to 25 ms of each other")
            for _ in range(12):
                service.signal(signal.SIGHUP)
                time.sleep(chance.uniform(0, 0.025))
            replaced = trial.wait_for_successors(former) and trial.load.wait_until(lambda: self._is_quiet(trial), 20)
            if not trial.check(replaced, "all workers are replaced"):
                return
        trial.recovered(service.wait_until_healthy())
        rolls = len(service.log.named("roll finished", since))
        trial.note(f"{rolls} rolls, {len(service.log.named('worker exited', since))} workers replaced")

    def _is_quiet(self, trial: Trial) -> bool:
        """Whether no roll is under way."""
        log = trial.service.log
        return len(log.named("roll finished")) == len(log.named("roll started"))
