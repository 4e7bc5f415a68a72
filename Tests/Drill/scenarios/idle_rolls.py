"""Clients that send at any moment, while the workers that hold their connections come and go."""

from __future__ import annotations

import signal
from typing import ClassVar

from crowd import Ask
from load import wait_until
from scenario import Scenario
from trial import Trial

IDLE = 300
#: Seconds between two requests of an idle client, on average; from half of that to half as much more.
PAUSE = 2.0
BUSY = 10
BUSY_PAUSE = 0.03


class IdleRolls(Scenario):
    """Rolls, upgrades and recycling under clients that are idle for most of the time.

    The moment at which such a client sends its next request is not to be known. A worker that closed the connection
    just then would have lost it; one that gives the connection to a sibling cannot.
    """

    name = "idle-rolls"
    title = f"HUP, USR2 and recycling under {IDLE} idle keep-alive clients"
    promise = "no request fails, and no idle connection is closed while siblings serve on"
    settings: ClassVar[dict[str, str]] = {"MAX_REQUESTS": "100"}
    on_fixture = True

    def run(self, trial: Trial) -> None:
        service = trial.service
        idle = trial.crowd(IDLE, Ask("/bytes/10"), pause=PAUSE)
        busy = trial.crowd(BUSY, Ask("/bytes/10"), Ask("/notes"), pause=BUSY_PAUSE)
        trial.pause(PAUSE)
        for _ in range(trial.count(5, 1)):
            for order in (signal.SIGHUP, signal.SIGUSR2):
                since = len(service.log.events)
                trial.did(order.name)
                service.signal(order)
                rolled = service.log.wait_for(lambda event: event["message"] == "roll finished", 30, since) is not None
                trial.check(rolled, f"{order.name}: all workers are replaced")
                trial.pause(trial.pick(2, 1))
        exits = len(service.log.named("worker exited"))
        wanted = exits + trial.count(30, 8)
        trial.did(f"the load goes on until {wanted - exits} workers were recycled")
        recycled = wait_until(lambda: len(service.log.named("worker exited")) >= wanted, 60)
        trial.check(recycled, f"{wanted - exits} workers were recycled")
        replies = trial.dismiss(idle, busy)
        wrong = len(replies) - len(replies.with_status(200))
        trial.check(wrong == 0, f"each of {len(replies)} answers is right ({wrong} are not)")
        trial.check(replies.closed == 0, f"no idle connection was closed ({replies.closed} were)")
        trial.note(replies.waits)
        trial.recovered(service.wait_until_healthy())
