"""A disk without space."""

from __future__ import annotations

import os
import signal
import sqlite3
import tempfile
import time
from contextlib import closing
from pathlib import Path

from allowances import write_refused_with_503
from scenario import Scenario
from stage import Stage, mount, unmount
from trial import Trial

DISK_SIZE = "24m"


class FullDisk(Scenario):
    """The database's disk fills up, also while workers are replaced, and is freed again."""

    name = "full-disk"
    title = "the disk is full"
    promise = "reads go on, writes are refused with 503 and Retry-After, nothing acknowledged is lost"

    def __init__(self) -> None:
        self._disk: Path | None = None

    def prepare(self, stage: Stage) -> Stage:
        self._disk = Path(tempfile.mkdtemp(prefix="disk-", dir=stage.directory.parent))
        mount("tmpfs", f"size={DISK_SIZE},mode=700", self._disk)
        return stage.elsewhere(self._disk)

    def clean_up(self) -> None:
        if self._disk:
            unmount(self._disk)

    def run(self, trial: Trial) -> None:
        service, load = trial.service, trial.load
        filler = self._disk_path / "filler"
        load.allow(write_refused_with_503)
        trial.did("the disk fills up")
        self._shrink_log(trial.stage.database)
        before = load.tally.statuses[503]
        end = time.monotonic() + trial.pick(5, 2)
        rolled = False
        while time.monotonic() < end:
            _fill(filler)
            if not rolled and load.tally.statuses[503] > before:
                trial.did("HUP: new workers boot on the full disk")
                service.signal(signal.SIGHUP)
                rolled = True
            time.sleep(0.02)
        trial.check(
            load.tally.statuses[503] > before, f"writes were refused ({load.tally.statuses[503] - before} × 503)"
        )
        trial.check(service.probe("/v1/rooms/101") == 200, "reads go on")
        filler.unlink()
        trial.did("the disk has space again")
        began = time.monotonic()
        healthy = load.wait_for_acknowledgements(5, 20) and service.wait_until_healthy() is not None
        load.disallow()
        trial.recovered(time.monotonic() - began if healthy else None)

    @property
    def _disk_path(self) -> Path:
        assert self._disk is not None
        return self._disk

    def _shrink_log(self, database: Path) -> None:
        """The write-ahead log reuses its own space: only a log without any needs the disk at once."""
        with closing(sqlite3.connect(database, timeout=5)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _fill(filler: Path) -> None:
    """Writes until nothing fits any more."""
    descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for size in (1 << 20, 1 << 12):
            block = bytes(size)
            while True:
                try:
                    if os.write(descriptor, block) < size:
                        break
                except OSError:
                    break
    finally:
        os.close(descriptor)
