"""A database folder that cannot be written."""

from __future__ import annotations

import signal
import tempfile
import time
from pathlib import Path

from allowances import write_refused_with_503
from scenario import Scenario
from stage import Stage, make_read_only, make_writable
from trial import Trial

#: Seconds after which every worker writes again.
MENDED = 2


class ReadOnly(Scenario):
    """The folder turns read-only under the service, and workers that open the database anew meet that."""

    name = "read-only"
    title = "the database's folder is read-only"
    promise = "reads go on, writes are refused with 503 and Retry-After, and it mends itself"

    def __init__(self) -> None:
        self._folder: Path | None = None

    def prepare(self, stage: Stage) -> Stage:
        folder = Path(tempfile.mkdtemp(prefix="folder-", dir=stage.directory.parent))
        own = stage.elsewhere(folder)
        # Whether it is possible shows before the service starts.
        make_read_only(folder)
        make_writable(folder)
        self._folder = folder
        return own

    def clean_up(self) -> None:
        if self._folder:
            make_writable(self._folder)

    def run(self, trial: Trial) -> None:
        service, load = trial.service, trial.load
        assert self._folder is not None
        load.allow(write_refused_with_503)
        make_read_only(self._folder)
        trial.did("the folder is read-only; HUP, so that every worker opens the database anew")
        former = set(service.workers)
        before = load.tally.statuses[503]
        service.signal(signal.SIGHUP)
        rolled = trial.wait_for_successors(former)
        trial.check(rolled, "new workers boot although they cannot write")
        trial.pause(trial.pick(3, 0.7))
        trial.check(
            load.tally.statuses[503] > before, f"writes were refused ({load.tally.statuses[503] - before} × 503)"
        )
        trial.check(service.probe("/v1/rooms/101") == 200, "reads go on")
        trial.note(f"/readyz answers {service.probe('/readyz')}")
        make_writable(self._folder)
        trial.did("the folder can be written again")
        began = time.monotonic()
        refused = load.tally.statuses[503]
        healthy = load.wait_for_acknowledgements(20, 20) and service.wait_until_healthy() is not None
        trial.recovered(time.monotonic() - began if healthy else None)
        # A worker in which several threads have opened the database while it could only be read cannot write until it is
        # replaced. It learns that from a write.
        trial.pause(max(0.0, MENDED - (time.monotonic() - began)))
        trial.note(f"{load.tally.statuses[503] - refused} writes were refused after that")
        refused = load.tally.statuses[503]
        load.wait_for_acknowledgements(40, 20)
        refused = load.tally.statuses[503] - refused
        trial.check(refused == 0, f"{MENDED} s later no write is refused any more ({refused} are)")
