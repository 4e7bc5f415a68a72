"""Measures Panal and its peers, side by side in one run. Start it as bin/bench; the README beside this file says how."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Protocol, Sequence, TypeVar

import chart
import footprint
import hotel
import load
import partners
import postgresql
import report
import waiting
from partners import PartnersSample
from process import ServerFailed, Setup, free_port, running, wait_until_right
from report import Machine, Sample
from servers import OURS, SERVERS, CLoop, Server
from waiting import WaitingSample
from workloads import WORKLOADS, Workload

MEASURED_BOOKINGS_FROM = 100_000
"""The warm-up books the nights before this one, the measurement those from here on."""


@dataclass(frozen=True)
class Cores:
    """Where the server and the load run: apart, if there are two cores to run on."""

    server: int | None
    load: int | None

    @staticmethod
    def pick() -> Cores:
        """The first core, and the first other one that is not its hyperthread where there is such a one."""
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            return Cores(None, None)
        siblings = _siblings(allowed[0])
        others = [core for core in allowed[1:] if core not in siblings] or allowed[1:]
        return Cores(allowed[0], others[0])


def _siblings(core: int) -> set[int]:
    path = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
    found: set[int] = set()
    with contextlib.suppress(OSError, ValueError):
        for part in path.read_text().strip().split(","):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


def main() -> int:
    options = _options()
    # Both unwind the stack, which stops the servers. (A shell starts background jobs with SIGINT ignored.)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    servers = _present(options.servers)
    cores = Cores.pick()
    machine = Machine.read(servers)
    _say(machine.line())
    if cores.load is None:
        _say("Only one core: server and load share it. Requests/s and latencies say little; CPU per request holds.")

    samples: list[Sample] = []
    figures: list[footprint.Figure] = []
    waits: list[WaitingSample] = []
    asking: list[PartnersSample] = []
    exit_code = 0
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", dir=options.directory) as scratch, contextlib.ExitStack() as scope:
            template = Path(scratch) / "template.sqlite"
            hotel.build(template)
            cluster = scope.enter_context(postgresql.running(Path(scratch), cpu=cores.load)) if _needs_postgresql(options) else None
            for workload in options.workloads:
                for sample in _measure(workload, servers, options, cores, Path(scratch), template, cluster):
                    samples.append(sample)
                print(report.table(workload, samples), flush=True)
            if options.waiting:
                for wait in waiting.measure(
                    servers, Path(scratch), rounds=options.rounds, seconds=options.seconds * 2, cpu=cores.server, say=_say
                ):
                    waits.append(wait)
                print(report.waiting_table(waits), flush=True)
                figures += waiting.memory(servers, Path(scratch), say=_say)
            if options.partners:
                for sample in partners.measure(
                    Path(scratch), template, rounds=options.rounds, seconds=options.seconds * 2,
                    server_cpu=cores.server, other_cpu=cores.load, say=_say,
                ):
                    asking.append(sample)
                print(partners.table(asking), flush=True)
            if options.footprint:
                figures += footprint.measure(servers, Path(scratch), template, quick=options.quick, say=_say)
                print(report.footprint_table(figures), flush=True)
    except KeyboardInterrupt:
        exit_code = 128 + signal.SIGINT
        _say("Stopped. What was measured until now:")
    print(report.reaches(samples, waits, asking, figures))
    result = report.document(machine, options.rounds, options.seconds, samples, waits, asking, figures)
    if options.json:
        options.json.write_text(result)
    if options.svg:
        options.svg.write_text(chart.draw(samples, machine))
    if options.waiting_svg:
        options.waiting_svg.write_text(chart.draw_waiting(waits, machine))
    return exit_code


def _measure(
    workload: Workload,
    servers: list[Server],
    options: argparse.Namespace,
    cores: Cores,
    scratch: Path,
    template: Path,
    cluster: postgresql.Cluster | None,
) -> Iterator[Sample]:
    """Measures every server in each round, beginning with another one each time, so that no one has the best moment."""
    taking_part = [server for server in servers if workload.name in server.workloads]
    for number in range(options.rounds):
        shift = number % max(1, len(taking_part))
        for server in taking_part[shift:] + taking_part[:shift]:
            try:
                sample = _sample(workload, server, number, options, cores, scratch, template, cluster)
            except ServerFailed as error:
                _say(f"  {workload.name}, {server.name}: left out: {error}")
                taking_part = [other for other in taking_part if other is not server]
                continue
            _say(f"  {workload.name}, round {number + 1}: {sample.line()}")
            yield sample


def _sample(
    workload: Workload,
    server: Server,
    number: int,
    options: argparse.Namespace,
    cores: Cores,
    scratch: Path,
    template: Path,
    cluster: postgresql.Cluster | None,
) -> Sample:
    """Starts one server, checks its answer, warms it up, measures it, and stops it."""
    with tempfile.TemporaryDirectory(prefix=f"{server.name}-", dir=scratch) as name, contextlib.ExitStack() as scope:
        directory = Path(name)
        setup = Setup(
            port=free_port(),
            directory=directory,
            database=hotel.copy(template, directory) if workload.database else None,
            database_url=cluster.copy() if cluster and workload.postgresql else None,
            base_url=scope.enter_context(_called(scratch, cores.load)) if workload.calls else None,
            access_log=workload.access_log or workload.logs_by_default,
        )
        core = cores.server if workload.pinned else None
        with running(server.command(setup), setup, environment=server.environment(setup), cpu=core) as tree:
            wait_until_right(workload, setup, tree)
            under_load = {
                "connections": workload.connections or options.connections,
                "cpu": cores.load if workload.pinned else None,
            }
            load.run(workload, setup.port, seconds=options.warm_up, **under_load)
            before = tree.cpu_seconds()
            result = load.run(
                workload, setup.port, seconds=options.seconds, first_booking=MEASURED_BOOKINGS_FROM, **under_load
            )
            time.sleep(0.05)  # What is written after the last answer, such as its line of the log, belongs to it.
            cpu, pss = tree.cpu_seconds() - before, tree.pss_bytes()
            errors = dict(result.errors)
            if workload.access_log:
                errors["unlogged"] = max(0, result.requests - _lines(server.access_log(setup)))
        return Sample.of(workload, server, number, result, cpu, pss, errors)


@contextlib.contextmanager
def _called(scratch: Path, cpu: int | None) -> Iterator[str]:
    """The service that handlers call: the cheapest there is, the same for all, on the core of the load. Gives its URL."""
    service = CLoop()
    if reason := service.missing():
        raise ServerFailed(f"there is no service to be called: {reason}")
    if not service.binary.exists():
        service.build()
    with tempfile.TemporaryDirectory(prefix="called-", dir=scratch) as name:
        setup = Setup(port=free_port(), directory=Path(name))
        with running(service.command(setup), setup, cpu=cpu) as tree:
            wait_until_right(next(workload for workload in WORKLOADS if workload.name == "plaintext"), setup, tree)
            yield f"http://127.0.0.1:{setup.port}"


def _needs_postgresql(options: argparse.Namespace) -> bool:
    """Whether a workload needs PostgreSQL, and it is there."""
    if not any(workload.postgresql for workload in options.workloads):
        return False
    reason = postgresql.missing()
    if reason:
        _say(f"Skipping the workloads on PostgreSQL: {reason}.")
        options.workloads = [workload for workload in options.workloads if not workload.postgresql]
    return reason is None


def _lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)


def _present(wanted: list[Server]) -> list[Server]:
    """The servers that are installed and built; says which are not."""
    present = []
    for server in wanted:
        reason = server.missing()
        if reason is None:
            try:
                server.build()
            except subprocess.CalledProcessError:
                reason = "its build failed"
        if reason is None:
            present.append(server)
        else:
            _say(f"Skipping {server.title}: {reason}.")
    return present


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: a look, not a measurement")
    parser.add_argument("--servers", type=_named(SERVERS), metavar="A,B", help=f"of {_names(SERVERS)}")
    parser.add_argument("--workloads", type=_named(WORKLOADS), metavar="A,B", help=f"of {_names(WORKLOADS)}, or none")
    parser.add_argument("--no-footprint", dest="footprint", action="store_false", help="no memory and start-up figures")
    parser.add_argument("--no-waiting", dest="waiting", action="store_false", help="no handlers that wait, and no partners")
    parser.add_argument("--rounds", type=_positive, help="rounds, of which the median counts (5)")
    parser.add_argument("--seconds", type=_positive, help="seconds of load per server and round (3)")
    parser.add_argument("--connections", type=_positive, default=32, help="connections of the load (32)")
    parser.add_argument("--directory", type=Path, help="where databases and logs go meanwhile (the temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures as JSON")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="write a chart of CPU per request")
    parser.add_argument("--waiting-svg", type=Path, metavar="FILE", help="write a chart of handlers that wait")
    options = parser.parse_args()
    options.servers = SERVERS if options.servers is None else options.servers
    options.partners = options.waiting and any(server.name == OURS for server in options.servers)
    options.waiting = options.waiting and any(server.has_waiting_handler for server in options.servers)
    options.workloads = WORKLOADS if options.workloads is None else options.workloads
    options.rounds = options.rounds or (1 if options.quick else 5)
    options.seconds = options.seconds or (1 if options.quick else 3)
    options.warm_up = 1
    return options


class Named(Protocol):
    """What can be chosen by name."""

    @property
    def name(self) -> str: ...


Choice = TypeVar("Choice", bound=Named)


def _names(things: Sequence[Named]) -> str:
    return ", ".join(thing.name for thing in things)


def _named(things: list[Choice]) -> Callable[[str], list[Choice]]:
    """A parser of comma-separated names."""

    def parse(text: str) -> list[Choice]:
        wanted = [] if text == "none" else text.split(",")
        if unknown := set(wanted) - {thing.name for thing in things}:
            raise argparse.ArgumentTypeError(f"no {', '.join(sorted(unknown))}; there are {_names(things)}")
        return [thing for thing in things if thing.name in wanted]

    return parse


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError
    return number


def _say(text: str) -> None:
    """Says how it goes; the result alone goes to standard output."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
