"""A PostgreSQL server for one proof, on a socket in a folder of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType

from factor import NotProven
from processes import descendants

#: `nobody`: initdb wants a user that has a name, and no root.
SERVER_USER = 65534
LIMIT = 60.0


class PostgreSQL:
    """Runs while the `with` statement does."""

    def __init__(self, folder: Path) -> None:
        self._programs = _programs()
        # The path of its socket has to be short.
        self._folder = Path(tempfile.mkdtemp(prefix="pg-", dir=folder))
        self._folder.chmod(0o755)
        self._launcher: list[str] = []
        if os.geteuid() == 0:
            self._launcher = ["setpriv", f"--reuid={SERVER_USER}", f"--regid={SERVER_USER}", "--clear-groups"]

    @property
    def url(self) -> str:
        """The URL of its database."""
        return f"postgres://owner@/postgres?host={self._folder}"

    def __enter__(self) -> PostgreSQL:
        if os.geteuid() == 0:
            os.chown(self._folder, SERVER_USER, SERVER_USER)
        data = self._folder / "data"
        self._run("initdb", "-D", data, "-U", "owner", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
        self._log = (self._folder / "log").open("wb")
        self._server = subprocess.Popen(
            [*self._launcher, str(self._programs / "postgres"), "-D", str(data), "-k", str(self._folder)]
            + ["-c", "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB"],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        end = time.monotonic() + LIMIT
        socket = ["-h", str(self._folder), "-q"]
        while self._is_running and subprocess.run([self._programs / "pg_isready", *socket], check=False).returncode:
            if time.monotonic() > end:
                break
            time.sleep(0.05)
        return self

    @property
    def _is_running(self) -> bool:
        return self._server.poll() is None

    def _run(self, program: str, *arguments: object) -> None:
        done = subprocess.run(
            [*self._launcher, str(self._programs / program), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )
        if done.returncode != 0:
            raise NotProven(f"{program} failed: {done.stderr.strip()[-300:]}", is_missing_tool=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Fast: sessions are ended (PostgreSQL, "Shutting Down the Server").
        self._server.send_signal(signal.SIGINT)
        try:
            self._server.wait(LIMIT)
        except subprocess.TimeoutExpired:
            for pid in [*descendants(self._server.pid), self._server.pid]:
                os.kill(pid, signal.SIGKILL)
            self._server.wait()
        self._log.close()


def _programs() -> Path:
    """Where initdb and postgres are: Debian keeps them out of the way."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        places.insert(0, Path(found).resolve().parent)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_isready").exists():
            return place
    raise NotProven("there is no PostgreSQL server here (apt-get install postgresql)", is_missing_tool=True)
