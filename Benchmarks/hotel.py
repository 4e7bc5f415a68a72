"""The sample hotel's database, as the service makes it, from which each measurement gets a fresh copy."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from servers import ROOT, Panal
from workloads import ROOM, ROOM_IDS

MIGRATIONS = ROOT / "Sources/StaysStore/Migrations"


def build(path: Path) -> None:
    """Makes the database: by the service's own commands, or from its SQL files where it is not built."""
    if Panal.binary.exists():
        environment = {**os.environ, "DATABASE_URL": f"sqlite:{path}"}
        for command in ("migrate", "seed"):
            subprocess.run([str(Panal.binary), command], check=True, env=environment, capture_output=True)
    else:
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA journal_mode = WAL")
            for migration in sorted(set(MIGRATIONS.glob("*.sql")) - set(MIGRATIONS.glob("*.postgres.sql"))):
                database.executescript(migration.read_text())
            rows = [(room, ROOM["name"], ROOM["capacity"], 12000, "EUR") for room in ROOM_IDS]
            database.executemany("INSERT INTO room VALUES (?, ?, ?, ?, ?)", rows)
            database.commit()
    with contextlib.closing(sqlite3.connect(path)) as database:
        # So that the file alone is the whole database, and can be copied.
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def copy(template: Path, directory: Path) -> Path:
    """A fresh copy for one server."""
    return Path(shutil.copy(template, directory / "stays.sqlite"))
