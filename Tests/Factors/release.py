"""Proofs about the release itself: I codebase, II dependencies, V build, release, run, X parity, XII admin."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

from factor import NotProven, require
from postgres import PostgreSQL
from processes import executable
from stage import Stage, keep
from wire import ask

#: What the release may need of a host: glibc, the C++ runtime and SQLite. README and Dockerfile say so.
SYSTEM_LIBRARIES = {
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libgcc_s.so.1",
    "libstdc++.so.6",
    "libsqlite3.so.0",
}
#: What the kernel and the loader bring.
LOADER = re.compile(r"^(linux-vdso|linux-gate|.*/?ld-linux)")


def codebase(stage: Stage) -> None:
    """One repository, and the release says which revision of it it is."""
    revision = _git(stage, "rev-parse", "HEAD")
    said = json.loads(stage.run("version", "--json").stdout)
    stage.did(f"`version` says {said['revision'][:12]}, of {said['date']}")
    require(
        said["revision"] == revision,
        f"the release was built from {said['revision'][:12]}, the repository is at {revision[:12]}",
        "build it anew",
    )
    require(not _git(stage, "submodule", "status"), "there are submodules", "one codebase is one repository")
    # What a clean checkout would not have is in no release that others build.
    sources = [
        name for name in ("Package.swift", "Sources", "Plugins", "Libraries") if (stage.repository / name).exists()
    ]
    ignored = _git(stage, "ls-files", "--others", "--ignored", "--exclude-standard", "--", *sources)
    require(
        not ignored, f"git ignores what is built: {ignored.split()[:3]}", "take it out of .gitignore, and commit it"
    )
    changed = _git(stage, "status", "--porcelain", "--", *sources)
    if changed:
        raise NotProven(f"what was built is not committed yet: {changed.splitlines()[0].strip()}")
    clone = stage.directory / "clone"
    _git(stage, "clone", "--quiet", "--no-hardlinks", str(stage.repository), str(clone))
    for name in sources:
        require(
            _digest(stage.repository / name) == _digest(clone / name),
            f"{name} of a clean checkout is another",
            "commit what is missing",
        )
    stage.did(f"a clean checkout of it has the same {', '.join(sources)}, byte for byte")


def _git(stage: Stage, *arguments: str) -> str:
    """What git says about the repository."""
    if shutil.which("git") is None:
        raise NotProven("there is no git", is_missing_tool=True)
    done = subprocess.run(
        ["git", "-c", f"safe.directory={stage.repository}", "-C", str(stage.repository), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        raise NotProven(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def _digest(path: Path) -> str:
    """Of a file, or of all files of a folder with their names."""
    digest = hashlib.sha256()
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    for file in files:
        digest.update(str(file.relative_to(path)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def dependencies(stage: Stage) -> None:
    """All of them are declared and pinned, and a host needs no more than what is said."""
    pins_file = stage.repository / "Package.resolved"
    require(pins_file.exists(), "there is no Package.resolved", "build once, and commit it")
    pins = json.loads(pins_file.read_text())["pins"]
    loose = [pin["identity"] for pin in pins if not pin["state"].get("revision")]
    require(not loose, f"{loose} are not pinned to a revision", "let Package.swift name releases")
    stage.did(f"Package.resolved pins {len(pins)} packages to revisions")
    listed = subprocess.run(
        [*stage.launcher, "ldd", str(stage.binary)], capture_output=True, text=True, timeout=60, check=False
    ).stdout
    names = [line.split()[0] for line in listed.splitlines() if line.strip()]
    libraries = {name for name in names if not LOADER.match(name)}
    require(libraries, f"ldd does not understand the release: {listed.strip()}", "look whether it is a program")
    undeclared = sorted(libraries - SYSTEM_LIBRARIES)
    require(
        not undeclared,
        f"the release needs {', '.join(undeclared[:5])}, which nobody declares",
        "build with --static-swift-stdlib; a library that it has to have belongs into Dockerfile and into "
        "SYSTEM_LIBRARIES of Tests/Factors/release.py",
    )
    require("not found" not in listed, "a library is missing here", "install what ldd does not find")
    stage.did(f"`ldd`: nothing but {', '.join(sorted(libraries))}")


def build_release_run(stage: Stage) -> None:
    """What runs is the file that was built, which nobody can change, in a place that has nothing else."""
    before = hashlib.sha256(stage.binary.read_bytes()).hexdigest()
    require(
        before == hashlib.sha256(stage.built.read_bytes()).hexdigest(), "the release changed meanwhile", "try again"
    )
    service = stage.serve()
    keep(service.port, 0)
    others = sorted({program for pid in service.processes if (program := executable(pid))} - {f"{stage.binary}"})
    require(not others, f"other programs run: {others}", "let the release be all that runs")
    stage.did(
        "served from a folder that cannot be written, with no variable but its settings, without sources or tools"
    )
    require(service.stop() == 0, "it did not stop gracefully", "look at its log")
    require(
        hashlib.sha256(stage.binary.read_bytes()).hexdigest() == before
        and len(list(stage.binary.parent.iterdir())) == 1,
        "it changed its own release",
        "write nothing beside the program",
    )
    stage.did(f"the release is the same file afterwards (sha256 {before[:12]}…)")


def parity(stage: Stage) -> None:
    """The same program and commands everywhere, the same schema on both stores."""
    name = re.escape(stage.built.name)
    for file, needed in {
        "Procfile": ("serve", "migrate"),
        "Dockerfile": ("serve",),
        "bin/run": ("serve", "migrate"),
    }.items():
        path = stage.repository / file
        if not path.exists():
            continue
        text = path.read_text()
        require(
            re.search(rf"/{name}\b", text), f"{file} runs another program than {stage.built.name}", f"correct {file}"
        )
        missing = [command for command in needed if not re.search(rf"\b{command}\b", text)]
        require(not missing, f"{file} does not run {missing}", f"correct {file}")
    stage.did("Procfile, Dockerfile and bin/run name the same program and commands")
    folder = stage.folder()
    here = _migrations(stage, stage.prepare(folder), folder)
    with PostgreSQL(stage.directory) as server:
        there = _migrations(stage, stage.prepare(folder, {"DATABASE_URL": server.url}), folder)
    require(here and here == there, f"the stores have other migrations: {here} and {there}", "give both the same files")
    stage.did(f"`migrate --status` lists the same {len(here)} migrations on SQLite and on PostgreSQL")


def _migrations(stage: Stage, settings: dict[str, str], folder: Path) -> list[str]:
    status = stage.task("migrate", "--status", settings=settings, folder=folder)
    return re.findall(r"^(\d+ \w+):", status, re.MULTILINE)


def admin(stage: Stage) -> None:
    """Admin tasks are one-off processes of the same release, while it serves."""
    service = stage.serve()
    place, kept = keep(service.port, 1)
    for task in (("migrate",), ("migrate", "--status"), ("config",), ("routes",), ("version",)):
        stage.task(*task, settings=service.settings, folder=service.folder)
    copy = service.folder / "copy.sqlite"
    stage.task("backup", str(copy), settings=service.settings, folder=service.folder)
    stage.did("`migrate`, `migrate --status`, `config`, `routes`, `version`, `backup` beside the service, exit code 0")
    require(ask(service.port, "GET", "/readyz").status == 200, "the service suffered", "look at its log")
    second = stage.start(service.folder, {**service.settings, "DATABASE_URL": f"sqlite:{copy}"})
    require(ask(second.port, "GET", place).json == kept, "the backup lacks what was kept before it", "mend `backup`")
    stage.did("a second instance on the backup has what was kept")
