"""A database that somebody else keeps locked."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import ClassVar

from allowances import write_refused_with_503
from load import WRITERS
from scenario import Scenario
from trial import Trial

REQUEST_TIMEOUT = 1.0
#: The machine may be busy.
SLACK = 1.5


class Locked(Scenario):
    """Another process takes the write lock and keeps it, as a forgotten shell or a backup would."""

    name = "locked"
    title = "another process locks the database for 10 s"
    promise = "writes wait at most their request's time, then 503 and Retry-After; reads go on; nothing hangs"
    settings: ClassVar[dict[str, str]] = {"REQUEST_TIMEOUT": f"{REQUEST_TIMEOUT:.0f}s"}

    def run(self, trial: Trial) -> None:
        load = trial.load
        seconds = trial.pick(10, 3)
        before, since = load.tally.statuses[503], time.monotonic()
        load.tally.slowest = 0
        load.allow(write_refused_with_503)
        with closing(sqlite3.connect(trial.stage.database, timeout=10, isolation_level=None)) as connection:
            connection.execute("BEGIN IMMEDIATE")
            trial.did(f"the database is locked for {seconds} s")
            trial.pause(seconds)
            trial.check(trial.service.probe("/v1/rooms/101") == 200, "reads go on")
            connection.execute("ROLLBACK")
        trial.did("the lock is gone")
        began = time.monotonic()
        healthy = load.wait_for_acknowledgements(5, 20) and trial.service.wait_until_healthy() is not None
        load.disallow()
        trial.recovered(time.monotonic() - began if healthy else None)
        refused = load.tally.statuses[503] - before
        trial.check(refused > 0, f"writes were refused ({refused} × 503)")
        longest = trial.service.log.longest_request
        limit = trial.fair(REQUEST_TIMEOUT + SLACK / 2, since)
        trial.check(longest <= limit, f"no request was worked on for longer than {limit:.2f} s ({longest:.2f} s)")
        # A worker serves one request at a time: the last of all writers may wait for all others.
        limit = trial.fair(WRITERS * REQUEST_TIMEOUT + SLACK, since)
        slowest = load.tally.slowest
        trial.check(slowest <= limit, f"no answer took longer than {limit:.1f} s (the slowest {slowest:.2f} s)")
