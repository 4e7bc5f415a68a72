"""The server that the documents call db.internal: a throw-away PostgreSQL with an empty database for each URL that they name."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import time
from pathlib import Path

URL = re.compile(r"postgres://[^\s'\"]*db\.internal[^\s'\"]*")
START_LIMIT = 60.0
#: Has a name on every system, which initdb asks for.
NOBODY = 65534


class Server:
    """Runs from its first use until `stop`; as nobody where root starts it, whom PostgreSQL refuses to run as."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._databases: dict[str, str] = {}
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        self._programs = found[-1] if found else None

    def url(self, named: str) -> str:
        """What a URL of a document stands for.

        Raises:
            RuntimeError: when there is no PostgreSQL here, or it does not start.
        """
        if self._process is None:
            self._start()
        assert self._folder
        if named not in self._databases:
            self._databases[named] = f"documented_{len(self._databases) + 1}"
            self._ask(f"CREATE DATABASE {self._databases[named]}")
        return f"postgres://app@/{self._databases[named]}?host={self._folder.name}"

    def stop(self) -> None:
        if self._process:
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait()
        if self._folder:
            self._folder.cleanup()

    def _start(self) -> None:
        if not self._programs:
            raise RuntimeError("there is no PostgreSQL: bin/setup --tests installs it")
        # A socket's name has to be short.
        self._folder = tempfile.TemporaryDirectory(prefix="documents-", dir="/tmp")
        os.chmod(self._folder.name, 0o755)
        launcher: list[str] = []
        if os.geteuid() == 0:
            os.chown(self._folder.name, NOBODY, NOBODY)
            launcher = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        data = f"{self._folder.name}/data"
        create = [self._programs / "initdb", "-D", data, "-U", "app", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run([*launcher, *create], check=True, capture_output=True)
        serve = [self._programs / "postgres", "-D", data, "-k", self._folder.name, "-c", "listen_addresses="]
        self._process = subprocess.Popen(
            [*launcher, *serve], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + START_LIMIT
        while True:
            try:
                return self._ask("SELECT 1")
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise RuntimeError("PostgreSQL did not start") from None
                time.sleep(0.05)

    def _ask(self, sql: str) -> None:
        assert self._folder and self._programs
        address = f"postgres://app@/postgres?host={self._folder.name}"
        subprocess.run([self._programs / "psql", "-qX", "-c", sql, address], check=True, capture_output=True)
