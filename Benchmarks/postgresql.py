"""A throw-away PostgreSQL server with the sample hotel's database, for as long as the bench lasts."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from servers import Panal

PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1:]
USER = "65534"
"""Who runs it when root starts the bench, which PostgreSQL refuses to run as: nobody."""

START_TIMEOUT = 60.0


def missing() -> str | None:
    """What it lacks to be there, or None."""
    if not PROGRAMS or not (PROGRAMS[0] / "postgres").exists():
        return "no postgresql"
    return None if Panal.binary.exists() else f"{Panal.binary} is not built, which makes the database"


@dataclass
class Cluster:
    """The running server."""

    directory: Path
    copies: int = 0

    def url(self, database: str) -> str:
        """The URL of one of its databases, over a unix socket. `sslmode` is for Go, which would ask for TLS there, too."""
        return f"postgres://panal@/{database}?host={self.directory}&sslmode=disable"

    def copy(self) -> str:
        """The URL of a fresh copy of the database, for one server."""
        self.copies += 1
        self.run(f"CREATE DATABASE copy_{self.copies} TEMPLATE hotel")
        return self.url(f"copy_{self.copies}")

    def run(self, sql: str) -> None:
        """Runs a statement of an administrator."""
        command = [str(PROGRAMS[0] / "psql"), "-qX", "-c", sql, self.url("postgres")]
        subprocess.run(command, check=True, capture_output=True)


@contextlib.contextmanager
def running(scratch: Path, *, cpu: int | None) -> Iterator[Cluster]:
    """The server, with its default settings, on the core of the load: what it takes is no server's."""
    as_user = ["setpriv", "--pdeathsig", "INT"]
    # A path of its own that is short: a socket's name is.
    with tempfile.TemporaryDirectory(prefix="bench-pg-", dir="/tmp") as name:
        directory = Path(name)
        if os.geteuid() == 0:
            shutil.chown(directory, int(USER), int(USER))
            as_user += [f"--reuid={USER}", f"--regid={USER}", "--clear-groups"]
        data = str(directory / "data")
        create = ["initdb", "-D", data, "-U", "panal", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*as_user, str(PROGRAMS[0] / create[0]), *create[1:]], check=True, capture_output=True)
        command = ([] if cpu is None else ["taskset", "-c", str(cpu)]) + as_user
        command += [str(PROGRAMS[0] / "postgres"), "-D", data, "-k", name, "-c", "listen_addresses="]
        with (scratch / "postgresql.log").open("wb") as log:
            server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        try:
            cluster = Cluster(directory)
            _wait_for(cluster)
            cluster.run("CREATE DATABASE hotel")
            environment = {**os.environ, "DATABASE_URL": cluster.url("hotel")}
            for task in ("migrate", "seed"):
                subprocess.run([str(Panal.binary), task], check=True, env=environment, capture_output=True)
            yield cluster
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def _wait_for(cluster: Cluster) -> None:
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            return cluster.run("SELECT 1")
        except subprocess.CalledProcessError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
