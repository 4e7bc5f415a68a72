"""Where the commands are typed: fresh clones that belong to an ordinary user, and what stands in for a release build."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

#: The user of the image: Dockerfile.
IMAGE_USER = 10001


@dataclass(frozen=True)
class Workspace:
    repository: Path
    folder: Path
    launcher: tuple[str, ...]
    environment: dict[str, str]

    def own(self, path: Path) -> None:
        if self.launcher:
            subprocess.run(["chown", "-R", f"{IMAGE_USER}:{IMAGE_USER}", path], check=True)

    def clone(self, name: str) -> Path:
        """A clone of the repository with what is not committed yet, in a folder of its own: a document makes others beside it."""
        around = self.folder / name
        # What a document made beside its clone goes too, but for what was built: that is used again.
        shutil.rmtree(around, ignore_errors=True)
        around.mkdir(parents=True)
        clone = around / "panal"
        subprocess.run(["git", "clone", "--quiet", self.repository, clone], check=True)
        changed = subprocess.run(
            ["git", "-C", self.repository, "ls-files", "-z", "--modified", "--others", "--deleted", "--exclude-standard"],
            check=True, capture_output=True, text=True,
        ).stdout
        for name in filter(None, changed.split("\0")):
            source, copy = self.repository / name, clone / name
            if source.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, copy)
            else:
                copy.unlink(missing_ok=True)
        self.own(around)
        return clone


def prepare(repository: Path) -> Workspace:
    """Makes the folder, the user's home, and what in front of a command makes that user run it."""
    folder = repository / ".build" / "documentation"
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    launcher: tuple[str, ...] = ()
    if os.geteuid() == 0:
        launcher = (
            "setpriv", f"--reuid={IMAGE_USER}", f"--regid={IMAGE_USER}", "--clear-groups",
            "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs",
        )
        # A machine of tests lets nobody become an ordinary user, or lets them read nothing: then it is who runs this.
        if subprocess.run([*launcher, "test", "-r", repository / "Package.swift"], check=False).returncode:
            launcher = ()
    # What git and SwiftPM know on this machine, so that nothing is fetched twice.
    own_home = Path.home()
    if (own_home / ".gitconfig").exists():
        shutil.copy(own_home / ".gitconfig", home)
    with (home / ".gitconfig").open("a") as configuration:
        configuration.write("[user]\n\tname = Reader\n\temail = reader@example.org\n[init]\n\tdefaultBranch = main\n"
            # A machine of tests may have clones of the packages that belong to root.
            "[safe]\n\tdirectory = *\n")
    cache = home / ".cache" / "org.swift.swiftpm"
    if not cache.exists() and (own_home / ".cache/org.swift.swiftpm").exists():
        shutil.copytree(own_home / ".cache/org.swift.swiftpm", cache)
    builds = folder / "builds"
    builds.mkdir(exist_ok=True)

    kept = {name: value for name, value in os.environ.items() if not name.startswith("PANAL_") and name != "WARNINGS_AS_ERRORS"}
    environment = kept | {
        "HOME": str(home),
        "PATH": f"{Path(__file__).parent}/bin:{os.environ['PATH']}",
        "DOCUMENTED_REPOSITORY": str(repository),
        "DOCUMENTED_BUILDS": str(builds),
    }
    workspace = Workspace(repository, folder, launcher, environment)
    workspace.own(home)
    workspace.own(builds)
    return workspace
