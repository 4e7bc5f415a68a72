"""TTIN and TTOU, again and again."""

from __future__ import annotations

import random
import signal
import time

import processes
from scenario import Scenario
from trial import Trial


class ResizeStorm(Scenario):
    """The pool grows and shrinks faster than workers come and go, down to the last one and back."""

    name = "resize-storm"
    title = "one more, one fewer: a storm of TTIN and TTOU"
    promise = "no request fails, one worker always stays, and the size is what was asked for"
    limit = 120.0

    def run(self, trial: Trial) -> None:
        service = trial.service
        chance = random.Random(4)
        more, less = trial.count(20, 8), trial.count(40, 20)

        trial.did(f"TTIN ×{more}")
        self._send(trial, [signal.SIGTTIN] * more, chance)
        trial.note(f"{len(service.workers)} workers")
        trial.did(f"TTIN and TTOU ×{more}, mixed")
        self._send(trial, chance.choices([signal.SIGTTIN, signal.SIGTTOU], k=more), chance)
        trial.did(f"TTOU ×{less}, more than there are workers")
        self._send(trial, [signal.SIGTTOU] * less, chance)
        trial.check(trial.wait_for_size(1), "one worker stays")
        for size in range(2, service.worker_count + 1):
            trial.did("TTIN")
            service.signal(signal.SIGTTIN)
            grown = trial.wait_for_size(size)
            trial.check(grown, f"there are {size} workers")
        trial.recovered(service.wait_until_healthy())

    def _send(self, trial: Trial, signals: list[signal.Signals], chance: random.Random) -> None:
        for number in signals:
            trial.service.signal(number)
            time.sleep(chance.uniform(0, 0.025))
        # Signals have no order: one that is still pending could be taken after one that is sent later.
        trial.load.wait_until(lambda: not processes.has_pending_signals(trial.service.pid), 10)
