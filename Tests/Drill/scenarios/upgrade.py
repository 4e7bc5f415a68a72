"""USR2: the program on disk replaces the one that runs."""

from __future__ import annotations

import signal

import processes
from scenario import Scenario
from stage import Impossible
from trial import Trial


class Upgrade(Scenario):
    """The service is told to become the program on disk, again and again."""

    name = "upgrade"
    title = "upgrade in place: USR2"
    promise = "no request fails, and the new program serves with all its workers"

    def run(self, trial: Trial) -> None:
        service = trial.service
        for _ in range(trial.count(10, 3)):
            former = set(service.workers)
            since = len(service.log.events)
            trial.did(f"USR2 to the supervisor {service.pid}")
            service.signal(signal.SIGUSR2)
            if service.log.wait_for(lambda event: "upgrade" in event["message"], 3, since) is None:
                if processes.is_alive(service.pid):
                    raise Impossible("the service says nothing of an upgrade")
                trial.check(False, "the service survives USR2")
                return
            # A preflight of the new program may become ready first, as another process.
            end = service.log.wait_for(
                lambda event: (
                    event["message"] == "upgrade abandoned"
                    or (event["message"] == "ready" and event["pid"] == service.pid)
                ),
                20,
                since,
            )
            if end and "not supported" in end.get("because", ""):
                raise Impossible("the service does not support it")
            if not trial.check(end is not None and end["message"] == "ready", "the new program is ready"):
                return
            replaced = trial.wait_for_successors(former)
            trial.check(replaced, "all workers are of the new program")
            trial.recovered(service.wait_until_healthy())
