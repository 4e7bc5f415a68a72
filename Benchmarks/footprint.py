"""What a service weighs and how fast it comes up: figures of single moments, not of load per second."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Callable

import hotel
import load
from measure import ProcessTree
from process import START_TIMEOUT, ServerFailed, Setup, free_port, running, wait_until_right
from servers import OURS, PanalWithOps, Server
from workloads import WORKLOADS, Workload

WORKERS = 5
MORE_WORKERS = 10
REQUESTS = 1_000_000
CONNECTIONS = 64
WATCHED_WORKERS = 8


@dataclass(frozen=True)
class Figure:
    """One figure of one server, and what ours should reach."""

    server: str
    title: str
    what: str
    value: float
    unit: str
    at_most: float | None = None


def measure(
    servers: list[Server], scratch: Path, template: Path, *, quick: bool, say: Callable[[str], None]
) -> list[Figure]:
    """Memory for all servers that run several workers; growth and start-up for ours."""
    figures: list[Figure] = []
    for server in servers:
        measurements = [_memory] if server.has_workers else []
        if server.name == OURS:
            measurements += [_growth, _start, _replacement, _metrics]
        for measurement in measurements:
            try:
                found = measurement(server, _Bench(scratch, template, quick))
            except ServerFailed as error:
                say(f"  footprint, {server.name}: left out: {error}")
                continue
            for figure in found:
                say(f"  {figure.title}: {figure.what}: {figure.value:.2f} {figure.unit}")
            figures += found
    return figures


@dataclass(frozen=True)
class _Bench:
    scratch: Path
    template: Path
    quick: bool

    def setup(self, directory: str, workers: int) -> Setup:
        path = Path(directory)
        # Ours says "ready" at level info, which is where the access log is, too; nothing is logged while idle.
        return Setup(free_port(), path, hotel.copy(self.template, path), access_log=True, workers=workers)

    def folder(self) -> tempfile.TemporaryDirectory[str]:
        return tempfile.TemporaryDirectory(dir=self.scratch)


def _memory(server: Server, bench: _Bench) -> list[Figure]:
    """Idle memory with five workers, and what each further one adds."""
    few, many = _idle_memory(server, bench, WORKERS), _idle_memory(server, bench, MORE_WORKERS)
    each = (many - few) / (MORE_WORKERS - WORKERS)
    return [
        Figure(server.name, server.title, f"memory, idle with {WORKERS} workers", few, "MB", at_most=20),
        Figure(server.name, server.title, "memory, each further worker", each, "MB", at_most=1.5),
    ]


def _idle_memory(server: Server, bench: _Bench, workers: int) -> float:
    with bench.folder() as directory:
        setup = bench.setup(directory, workers)
        with running(server.command(setup), setup, environment=server.environment(setup)) as tree:
            wait_until_right(_workload(server), setup, tree)
            return _settled_megabytes(tree)


def _growth(server: Server, bench: _Bench) -> list[Figure]:
    """Memory after very many requests, against the memory before."""
    workload = _workload(server)
    goal = REQUESTS // 10 if bench.quick else REQUESTS
    with bench.folder() as directory:
        setup = bench.setup(directory, WORKERS)
        environment = {**server.environment(setup), "LOG_LEVEL": "warning"}
        with running(server.command(setup), setup, environment=environment) as tree:
            wait_until_right(workload, setup, tree)
            before, requests, deadline = _settled_megabytes(tree), 0, time.monotonic() + 300
            while requests < goal and time.monotonic() < deadline:
                result = load.run(workload, setup.port, seconds=5, connections=CONNECTIONS, cpu=None)
                if result.error_count or not result.requests:
                    raise ServerFailed(f"errors under load: {result.errors}")
                requests += result.requests
            growth = (_settled_megabytes(tree) - before) / WORKERS
    what = f"memory growth per worker after {requests / 1e6:.1f} M requests on {CONNECTIONS} connections"
    return [Figure(server.name, server.title, what, growth, "MB", at_most=0.5)]


def _start(server: Server, bench: _Bench) -> list[Figure]:
    """From exec to the event `ready`."""
    durations = []
    for _ in range(3 if bench.quick else 20):
        with bench.folder() as directory:
            setup = bench.setup(directory, WORKERS)
            command, environment = server.command(setup), server.environment(setup)
            started = time.monotonic()
            with running(command, setup, environment=environment, guarded=False) as tree:
                _wait_for_events(setup, tree, "ready", 1)
                durations.append(time.monotonic() - started)
    value = median(durations) * 1e3
    return [Figure(server.name, server.title, f"start: exec to ready with {WORKERS} workers", value, "ms", at_most=40)]


def _replacement(server: Server, bench: _Bench) -> list[Figure]:
    """From a worker's SIGKILL to its successor's event `worker ready`."""
    durations = []
    with bench.folder() as directory:
        setup = bench.setup(directory, WORKERS)
        with running(server.command(setup), setup, environment=server.environment(setup)) as tree:
            wait_until_right(_workload(server), setup, tree)
            _wait_for_events(setup, tree, "worker ready", WORKERS)
            for kills in range(1, (3 if bench.quick else 20) + 1):
                worker = tree.pids()[1]
                killed = time.monotonic()
                os.kill(worker, signal.SIGKILL)
                _wait_for_events(setup, tree, "worker ready", WORKERS + kills)
                durations.append(time.monotonic() - killed)
                time.sleep(0.2)  # A worker that served for a while, not a crash loop.
    value = median(durations) * 1e3
    return [Figure(server.name, server.title, "a worker SIGKILLed to its successor ready", value, "ms", at_most=20)]


def _metrics(server: Server, bench: _Bench) -> list[Figure]:
    """What metrics and the process that shows them cost in memory, and that process where nobody asks it."""
    without, tree_without, _ = _watched(server, bench)
    each, tree_with, idle = _watched(PanalWithOps(), bench)
    title = PanalWithOps.title
    return [
        Figure(server.name, title, f"memory of each of {WATCHED_WORKERS} workers, more than without", each - without, "MB", at_most=0.3),
        Figure(server.name, title, f"memory of the whole service with {WATCHED_WORKERS} workers, more than without", tree_with - tree_without, "MB"),
        Figure(server.name, title, "ops process, idle: processor time in a second", idle[0], "ms"),
        Figure(server.name, title, "ops process, idle: context switches in a second", idle[1], ""),
    ]


def _watched(server: Server, bench: _Bench) -> tuple[float, float, tuple[float, float]]:
    """Memory of a worker that has served, on average, and of the service; what the ops process does when nobody asks."""
    workload = next(workload for workload in WORKLOADS if workload.name == "telemetry")
    with bench.folder() as directory:
        setup = bench.setup(directory, WATCHED_WORKERS)
        environment = {**server.environment(setup), "LOG_LEVEL": "warning"}
        with running(server.command(setup), setup, environment=environment) as tree:
            wait_until_right(workload, setup, tree)
            load.run(workload, setup.port, seconds=2 if bench.quick else 10, connections=CONNECTIONS, cpu=None)
            total = _settled_megabytes(tree)
            titles = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid in tree.pids()}
            workers = [pid for pid, words in titles.items() if b": worker " in words]
            mean = sum(ProcessTree(pid).pss_bytes() for pid in workers) / max(1, len(workers)) / 2**20
            idle = (0.0, 0.0)
            for pid in (pid for pid, words in titles.items() if b": ops process" in words):
                seconds = 3 if bench.quick else 20
                before, switches = ProcessTree(pid).cpu_seconds(), _switches(pid)
                time.sleep(seconds)
                idle = (
                    (ProcessTree(pid).cpu_seconds() - before) * 1e3 / seconds, (_switches(pid) - switches) / seconds
                )
    return mean, total, idle


def _switches(pid: int) -> int:
    """How often the threads of a process had to wait or to give way (proc(5), status)."""
    return sum(
        int(line.split()[1])
        for status in Path(f"/proc/{pid}/task").glob("*/status")
        for line in status.read_text().splitlines()
        if "ctxt_switches" in line
    )


def _workload(server: Server) -> Workload:
    """The richest read that a server can answer, so that what it needs for work is in memory."""
    name = "room" if "room" in server.workloads else "plaintext"
    return next(workload for workload in WORKLOADS if workload.name == name)


def _settled_megabytes(tree: ProcessTree) -> float:
    """Memory once nothing has moved for a moment."""
    time.sleep(1)
    return tree.pss_bytes() / 2**20


def _wait_for_events(setup: Setup, tree: ProcessTree, message: str, count: int) -> None:
    """Waits until the log holds so many events of a message."""
    needle = f'"message":"{message}"'.encode()
    deadline = time.monotonic() + START_TIMEOUT
    while setup.output.read_bytes().count(needle) < count:
        if time.monotonic() > deadline or not tree.pids():
            raise ServerFailed(f'no event "{message}": {setup.output.read_text(errors="replace")[-600:]}')
        time.sleep(0.0002)
