"""A handler that never returns."""

from __future__ import annotations

import signal
import sqlite3
import time
from contextlib import closing
from typing import ClassVar

import moves
import processes
from allowances import write_refused_with_503
from scenario import Scenario
from tally import Failure
from trial import Trial
from wire import Connection, NotSent, Request, Unanswered

REQUEST_TIMEOUT = 1.0
#: Deadline, two seconds more until the abort, and time for a worker that does not even react to that.
LIMIT = REQUEST_TIMEOUT + 2 + 6


class StuckHandler(Scenario):
    """A booking waits for a lock when its worker freezes: the request runs over every deadline."""

    name = "stuck-handler"
    title = "a handler is stuck beyond its deadline"
    promise = "its worker is killed and replaced, the log names the request, nobody else's is cut"
    settings: ClassVar[dict[str, str]] = {"REQUEST_TIMEOUT": f"{REQUEST_TIMEOUT:.0f}s"}

    def run(self, trial: Trial) -> None:
        service = trial.service
        wish = trial.stage.ledger.new_wish()
        move = moves.book(trial.stage.ledger, wish, trial.load.tally, one_shot=False)
        since = len(service.log.events)
        # For a moment nobody can write.
        trial.load.allow(write_refused_with_503)
        try:
            with Connection(service.port, LIMIT + 5) as connection:
                # Once it has answered, a worker has this connection for good.
                connection.exchange(Request("GET", "/livez", moves.request_id()))
                stuck = processes.holder(service.workers, service.port, connection.local_port)
                if not trial.check(stuck is not None, "a worker holds the connection") or stuck is None:
                    return
                with closing(sqlite3.connect(trial.stage.database, timeout=10, isolation_level=None)) as lock:
                    lock.execute("BEGIN IMMEDIATE")
                    connection.send(move.request)
                    # Long enough to be in a booking's handler, this one's or that of another client.
                    time.sleep(0.1)
                    service.signal(signal.SIGSTOP, stuck)
                    trial.load.wait_until(lambda: processes.is_stopped(stuck), 2)
                    began = time.monotonic()
                    lock.execute("ROLLBACK")
                trial.load.disallow()
                trial.did(f"worker {stuck} freezes in a booking")
                exited = service.log.wait_for(
                    lambda event: event["message"] == "worker exited" and event.get("worker") == stuck, LIMIT, since
                )
                ended = time.monotonic()
                if not trial.check(exited is not None, f"it is killed ({ended - began:.2f} s later)"):
                    service.signal(signal.SIGCONT, stuck)
                    return
                assert exited is not None
                trial.add_outage(stuck, began, ended)
                box = " ".join(f"{value}" for value in exited.values())
                trial.check("/v1/bookings" in box and "drill-" in box, f"the log names the request ({box[25:220]})")
                trial.recovered(service.wait_until_healthy())
                try:
                    connection.receive()
                    trial.check(False, "the client of the stuck request learns that it failed")
                except Unanswered as end:
                    trial.check("no answer" not in end.how, f"the client's connection is closed ({end.how})")
        except (NotSent, Unanswered) as fault:
            trial.check(False, f"the service can be reached ({fault})")
        finally:
            trial.stage.ledger.leave_open(wish)

    def excuses(self, trial: Trial, failure: Failure) -> bool:
        return trial.fell_with_its_worker(failure)
