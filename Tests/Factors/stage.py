"""Where a proof plays: the release, a folder of its own, the user that runs it, and whatever was started there."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import own
from factor import Broken
from processes import children
from service import Service
from wire import ask

#: The user of the image: Dockerfile.
IMAGE_USER = 10001

#: Against a hang; nothing here is timed by it.
COMMAND_LIMIT = 60.0


def ordinary_user() -> tuple[list[str], int | None]:
    """What in front of a command makes an ordinary user run it, and that user, if this one is root."""
    if os.geteuid() != 0:
        return [], None
    drop = ["setpriv", f"--reuid={IMAGE_USER}", f"--regid={IMAGE_USER}", "--clear-groups", "--inh-caps=-all"]
    return [*drop, "--bounding-set=-all", "--no-new-privs"], IMAGE_USER


class Stage:
    """The release in a place of its own."""

    def __init__(self, repository: Path, built: Path) -> None:
        self.repository = repository
        self.directory = Path(tempfile.mkdtemp(prefix="factors-"))
        self.directory.chmod(0o755)
        self.launcher, self.user = ordinary_user()
        #: As it was built.
        self.built = built
        self.steps: list[str] = []
        self._services: list[Service] = []
        self._folders = 0
        # The release: a file and a folder that the service's user may read and run, not write.
        release = self.directory / "release"
        release.mkdir()
        self.binary = release / built.name
        shutil.copy(built, self.binary)
        self.binary.chmod(0o555)
        release.chmod(0o555)

    def did(self, step: str) -> None:
        """Notes what was run and seen."""
        self.steps.append(step)

    def folder(self) -> Path:
        """A new folder that belongs to the service's user."""
        self._folders += 1
        path = self.directory / f"run-{self._folders}"
        path.mkdir()
        self.own(path)
        return path

    def own(self, path: Path) -> None:
        """Gives a file or folder to the service's user."""
        if self.user is not None:
            os.chown(path, self.user, self.user)

    # Running

    def run(
        self, *arguments: str, settings: dict[str, str] | None = None, folder: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Runs the release to its end, with these settings and nothing else in the environment."""
        return subprocess.run(
            [*self.launcher, str(self.binary), *arguments],
            env=settings or {},
            cwd=folder or self.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_LIMIT,
            check=False,
        )

    def task(self, *arguments: str, settings: dict[str, str], folder: Path) -> str:
        """Runs an admin task that has to succeed; what it printed."""
        done = self.run(*arguments, settings=settings, folder=folder)
        if done.returncode != 0:
            raise Broken(
                f"`{' '.join(arguments)}` ended with {done.returncode}: {(done.stderr or done.stdout).strip()[-500:]}",
                "make the task work with the settings alone",
            )
        return done.stdout

    def has_command(self, name: str) -> bool:
        """Whether the release has a command."""
        return any(line.split()[:1] == [name] for line in self.run("--help").stdout.splitlines())

    def prepare(self, folder: Path, settings: dict[str, str] | None = None) -> dict[str, str]:
        """Makes a database; the settings with which a service finds it."""
        settings = {"DATABASE_URL": f"sqlite:{folder}/data.sqlite", **(settings or {})}
        for task in own.PREPARATION:
            self.task(task, settings=settings, folder=folder)
        return settings

    def start(self, folder: Path, settings: dict[str, str]) -> Service:
        """Starts the service and waits until it is ready."""
        settings = {"HOST": "127.0.0.1", "PORT": "0", "WEB_CONCURRENCY": "2", **settings}
        service = Service([*self.launcher, str(self.binary), "serve"], settings, folder)
        self._services.append(service)
        service.wait_until_ready()
        return service

    def serve(self, settings: dict[str, str] | None = None) -> Service:
        """Starts a service with a database of its own."""
        folder = self.folder()
        return self.start(folder, self.prepare(folder, settings))

    def clear(self) -> None:
        """Ends whatever a proof left running."""
        for service in self._services:
            service.destroy()
        self._services.clear()
        # Orphans came to us.
        for pid in children(os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)

    def close(self) -> None:
        """Leaves nothing behind."""
        self.clear()
        shutil.rmtree(self.directory, ignore_errors=True)


def free_port() -> int:
    """A port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def keep(port: int, number: int, fields: dict[str, str] | None = None) -> tuple[str, Any]:
    """Has the service keep something; where it is found again, and what it is."""
    path, body = own.record(number)
    answer = ask(port, "POST", path, body, fields)
    if answer.status != 201 or "location" not in answer.fields:
        raise Broken(
            f"POST {path} was answered {answer.status} instead of 201 with a Location: {answer.body[:200]!r}",
            "correct `record` in Tests/Factors/own.py, or the route",
        )
    return answer.fields["location"], answer.json


def eventually(condition: Any, limit: float = 10.0) -> bool:
    """Looks until it is so; False when it does not become so."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True
