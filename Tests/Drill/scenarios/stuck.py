"""A worker whose threads are all stuck in handlers."""

from __future__ import annotations

import time
from typing import ClassVar

from crowd import Ask
from scenario import Scenario
from trial import Trial
from wire import Connection, NotSent, Request, Unanswered

CLIENTS = 50
#: Seconds that a client waits, at most.
LIMIT = 0.02
FAST = "/bytes/10"


class Stuck(Scenario):
    """One worker of five is stuck; its connections are those of clients that want something fast."""

    name = "stuck"
    title = "one worker of 5 is stuck for 10 s"
    promise = f"none of {CLIENTS} keep-alive clients of a fast route waits for more than {LIMIT * 1000:.0f} ms"
    workers = 5
    settings: ClassVar[dict[str, str]] = {"WEB_THREADS": "1", "REQUEST_TIMEOUT": "30s"}
    on_fixture = True

    def run(self, trial: Trial) -> None:
        seconds = trial.count(10, 3)
        crowd = trial.crowd(CLIENTS, Ask(FAST), pause=0.05)
        trial.pause(1)
        began = time.monotonic()
        try:
            with Connection(trial.service.port, seconds + 10) as connection:
                trial.did(f"a handler that waits {seconds} s")
                connection.send(Request("GET", f"/sleep/{seconds * 1000}", "stuck"))
                status = connection.receive().status
                ended = time.monotonic()
                trial.check(status == 204, f"it is answered ({status} after {ended - began:.2f} s)")
        except (NotSent, Unanswered) as fault:
            trial.check(False, f"it is answered ({fault})")
            ended = began + seconds
        replies = trial.dismiss(crowd).between(began, ended)
        wrong = len(replies) - len(replies.with_status(200))
        trial.check(wrong == 0, f"meanwhile each answer is right ({wrong} are not)")
        enough = CLIENTS * seconds * 10
        trial.check(len(replies) >= enough, f"meanwhile there were at least {enough} requests ({len(replies)})")
        trial.check(replies.longest <= LIMIT, f"none waited longer than {LIMIT * 1000:.0f} ms ({replies.waits})")
