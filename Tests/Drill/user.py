"""Who the service runs as."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: The user of the image: Dockerfile.
IMAGE_USER = 10001


@dataclass(frozen=True)
class User:
    """What in front of a command makes this user run it, and who owns what it writes."""

    name: str
    launcher: tuple[str, ...] = ()
    uid: int | None = None

    def own(self, path: Path) -> None:
        """Gives a file or folder to this user."""
        if self.uid is not None:
            os.chown(path, self.uid, self.uid)

    def can_execute(self, path: Path) -> bool:
        """Whether this user gets there and may execute it."""
        return subprocess.run([*self.launcher, "test", "-x", path], check=False, timeout=10).returncode == 0


ROOT = User("root")


def ordinary() -> User:
    """Somebody without any right, as in the image; the drill's own user where that is one or cannot become another."""
    if os.geteuid() != 0:
        return User("the drill's own user")
    drop = (
        "setpriv",
        f"--reuid={IMAGE_USER}",
        f"--regid={IMAGE_USER}",
        "--clear-groups",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--no-new-privs",
    )
    if shutil.which("setpriv") is None or subprocess.run([*drop, "true"], check=False, capture_output=True).returncode:
        return User("the drill's own user, since it cannot become an ordinary one")
    return User(f"the ordinary user {IMAGE_USER}", drop, IMAGE_USER)
