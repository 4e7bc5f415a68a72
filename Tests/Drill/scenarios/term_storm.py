"""TERM to every process, again and again."""

from __future__ import annotations

import random
import signal
import time

from scenario import Scenario
from trial import Trial


class TermStorm(Scenario):
    """Some platforms send TERM to every process at once, and some send it more than once."""

    name = "term-storm"
    title = "TERM to every process at once, repeatedly, then a start"
    promise = "every request that was sent is answered, new connections are refused, exit code 0"

    def run(self, trial: Trial) -> None:
        service = trial.service
        chance = random.Random(2)
        for _ in range(trial.count(10, 3)):
            pids = [service.pid, *service.workers]
            trial.did(f"TERM to all {len(pids)} processes, twelve times")
            began = time.monotonic()
            for _ in range(12):
                for pid in pids:
                    service.signal(signal.SIGTERM, pid)
                time.sleep(chance.uniform(0, 0.025))
            code = service.wait_for_exit(15)
            trial.check(code == 0, f"it stops gracefully (exit code {code} after {time.monotonic() - began:.3f} s)")
            left = service.wait_for_no_process(2)
            if left:
                trial.check(False, f"no process is left; there are {left}")
            began = time.monotonic()
            service.start_again()
            service.wait_until_healthy()
            trial.recovered(time.monotonic() - began)
            trial.load.wait_for_answers(60, 10)
