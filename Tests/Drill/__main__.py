"""The drill: chaos on the real service under load, and proof that nothing was lost. Start it with `bin/drill`."""

from __future__ import annotations

import argparse
import contextlib
import doctest
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

import processes
import report
import spans
import user
from scenarios import ALL
from stage import Impossible, Stage, mount, unmount
from timeline import Timeline
from trial import Outcome, Trial

#: Threads hand over to each other often: the time between looking at a connection and sending on it stays short.
SWITCH_INTERVAL = 0.0005


def main() -> int:
    """Plays the chosen scenarios; the exit code: 0 all held, 1 something was lost or broken, 130 interrupted."""
    arguments = _arguments()
    sys.setswitchinterval(SWITCH_INTERVAL)
    # What it excuses decides what it finds.
    if doctest.testmod(spans).failed:
        return 1
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    processes.adopt_orphans()
    directory = Path(tempfile.mkdtemp(prefix="drill-", dir=arguments.directory))
    # The service's user has to get through.
    directory.chmod(0o755)
    actor = user.ROOT if arguments.user == "root" else user.ordinary()
    for name in ("binary", "fixture"):
        if not actor.can_execute(binary := getattr(arguments, name)):
            setattr(arguments, name, Path(shutil.copy(binary, directory / binary.name)))
    print(f"The service runs as {actor.name}.")
    timeline = Timeline()
    outcomes: list[Outcome] = []
    try:
        memory = _memory(directory)
        on_disk = Stage(arguments.binary, directory / "disk", actor)
        in_memory = Stage(arguments.binary, memory / "stage", actor)
        fixture = Stage(arguments.fixture, memory / "fixture", actor, tasks=("migrate",))
        for scenario in ALL:
            if not arguments.scenarios or scenario.name in arguments.scenarios:
                stage = fixture if scenario.on_fixture else on_disk if scenario.on_disk else in_memory
                outcomes.append(Trial(scenario(), stage, timeline, is_short=arguments.short).run())
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return 130
    finally:
        _show_errors(directory)
        unmount(directory / "memory")
        shutil.rmtree(directory, ignore_errors=True)
    print(f"\n{report.table(outcomes)}\n\n{timeline.offset:.0f} s")
    if arguments.json:
        report.write_json(outcomes, arguments.json)
    if arguments.markdown:
        arguments.markdown.write_text(report.markdown(outcomes))
    if os.environ.get("CI") and any(outcome.skipped for outcome in outcomes):
        print("In CI a scenario that cannot be played is a failure: bin/setup --tests installs what it needs.")
        return 1
    return 0 if all(outcome.skipped or outcome.has_held for outcome in outcomes) else 1


def _arguments() -> argparse.Namespace:
    names = [scenario.name for scenario in ALL]
    parser = argparse.ArgumentParser(
        prog="bin/drill",
        description="Chaos on the real service under load: is anything lost, does anything fail that should not?",
        epilog="Scenarios: " + ", ".join(names),
    )
    parser.add_argument("--short", action="store_true", help="the short form of each scenario, about a minute in all")
    parser.add_argument("--scenarios", metavar="A,B", type=lambda text: text.split(","), help="only these")
    parser.add_argument(
        "--user", choices=("ordinary", "root"), default="ordinary", help="who the service runs as (ordinary)"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write everything that was counted")
    parser.add_argument("--markdown", metavar="FILE", type=Path, help="write the table for the README")
    parser.add_argument("--directory", metavar="DIR", type=Path, help="where its files go (the temporary directory)")
    parser.add_argument("--binary", metavar="FILE", type=Path, required=True, help="the service (bin/drill sets it)")
    parser.add_argument("--fixture", metavar="FILE", type=Path, required=True, help="the fixture service (so is this)")
    arguments = parser.parse_args()
    if unknown := set(arguments.scenarios or []) - set(names):
        parser.error(f"no such scenario: {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    if arguments.user == "root" and os.geteuid() != 0:
        parser.error("--user root is for a drill that root starts")
    for name in ("binary", "fixture"):
        setattr(arguments, name, getattr(arguments, name).resolve())
        if not os.access(getattr(arguments, name), os.X_OK):
            parser.error(f"{getattr(arguments, name)} is no program")
    return arguments


def _memory(directory: Path) -> Path:
    """A folder in memory where that is permitted: a busy disk can hold a commit for seconds, and that is no fault."""
    memory = directory / "memory"
    memory.mkdir()
    with contextlib.suppress(Impossible):
        mount("tmpfs", "size=512m,mode=755", memory)
    return memory


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Ends the drill; it cleans up, and is not to be interrupted in that."""
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    raise KeyboardInterrupt


def _show_errors(directory: Path) -> None:
    """What the service wrote to stderr: it should be nothing."""
    for file in directory.glob("**/stderr"):
        if text := file.read_text(errors="replace").strip():
            print(f"\nstderr of the service ({file.parent.name}):\n{text[-4000:]}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
