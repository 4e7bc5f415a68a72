"""Where a scenario plays: a directory with a database of its own, and the ledger of what was promised there."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from ledger import Ledger
from user import User


class Impossible(Exception):
    """What a scenario needs cannot be had on this machine; the text says why."""


@dataclass
class Stage:
    """A directory with a migrated and seeded database."""

    binary: Path
    directory: Path
    user: User
    #: Admin tasks of the service that make the database.
    tasks: tuple[str, ...] = ("migrate", "seed")
    ledger: Ledger = field(init=False)

    def __post_init__(self) -> None:
        self.ledger = Ledger(prefix=self.directory.name)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.user.own(self.directory)
        for task in self.tasks:
            subprocess.run(
                self.command(task),
                env=self.environment,
                check=True,
                timeout=60,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )

    def elsewhere(self, directory: Path) -> Stage:
        """The same program and user in another directory, with a database of its own there."""
        return Stage(self.binary, directory, self.user, self.tasks)

    def command(self, *arguments: str) -> list[str | Path]:
        """What runs the program as its user."""
        return [*self.user.launcher, self.binary, *arguments]

    @property
    def database(self) -> Path:
        return self.directory / "stays.sqlite"

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": os.defpath, "DATABASE_URL": f"sqlite:{self.database}"}


def mount(kind: str, options: str, directory: Path) -> None:
    """Mounts a file system of this kind on a directory.

    bin/drill runs in a mount namespace of its own where it may, so nobody else sees this and the kernel undoes it.

    Raises:
        Impossible: when this process may not.
    """
    _run(["mount", "-t", kind, "-o", options, "drill", f"{directory}"], "mounting a file system is not permitted")


def make_read_only(directory: Path) -> None:
    """Lets nobody open a file below this directory for writing any more; files that are open for it stay so.

    For root, whom permissions do not stop, a read-only view of the directory is mounted over it.

    Raises:
        Impossible: when this process may not.
    """
    if os.geteuid() != 0:
        for file in directory.iterdir():
            file.chmod(0o444)
        directory.chmod(0o555)
        return
    _run(["mount", "--bind", f"{directory}", f"{directory}"], "mounting a directory is not permitted")
    try:
        _run(["mount", "-o", "remount,ro,bind", f"{directory}"], "mounting read-only is not permitted")
    except Impossible:
        unmount(directory)
        raise


def make_writable(directory: Path) -> None:
    """Undoes `make_read_only`."""
    if os.geteuid() == 0:
        unmount(directory)
        return
    directory.chmod(0o755)
    for file in directory.iterdir():
        file.chmod(0o644)


def unmount(directory: Path) -> None:
    """Takes away what is mounted on a directory; also when processes still hold files there."""
    subprocess.run(["umount", "--lazy", f"{directory}"], check=False, capture_output=True, timeout=10)


def _run(command: list[str], what: str) -> None:
    try:
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=10)
    except FileNotFoundError as error:
        raise Impossible(f"{command[0]} is not installed") from error
    if result.returncode != 0:
        raise Impossible(what)
