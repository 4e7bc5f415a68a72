"""Fast and slow requests in one service."""

from __future__ import annotations

from typing import ClassVar

from crowd import Ask
from scenario import Scenario
from trial import Trial

FAST = "/bytes/10"
SLOW = "/sleep/100"
CLIENTS = 100
#: Workers × threads ÷ the mean time of a handler is 2 · 4 ÷ (0.1 · 0.1 s) = 800 requests a second; this is half of it.
PAUSE = CLIENTS / 400
#: Seconds within which 99 of 100 fast requests are answered.
LIMIT = 0.005


class Mixed(Scenario):
    """A tenth of the requests waits for 100 ms, without having said so; the service is at half of what it can do."""

    name = "mixed"
    title = "a tenth of all requests waits 100 ms, at half capacity"
    promise = f"99 of 100 fast ones are answered within {LIMIT * 1000:.0f} ms"
    workers = 2
    settings: ClassVar[dict[str, str]] = {"WEB_THREADS": "4"}
    on_fixture = True

    def run(self, trial: Trial) -> None:
        trial.did(f"{CLIENTS} keep-alive clients, some 400 requests a second")
        crowd = trial.crowd(CLIENTS, Ask(FAST, weight=9), Ask(SLOW, weight=1), pause=PAUSE)
        trial.pause(trial.pick(15, 4))
        replies = trial.dismiss(crowd)
        fast, slow = replies.of(FAST), replies.of(SLOW)
        wrong = len(replies) - len(replies.with_status(200, 204))
        trial.check(wrong == 0, f"each answer is right ({wrong} are not)")
        trial.note(f"slow: {slow.waits}")
        p99 = fast.percentile(99)
        trial.check(p99 <= LIMIT, f"99 of 100 fast ones within {LIMIT * 1000:.0f} ms ({fast.waits})")
