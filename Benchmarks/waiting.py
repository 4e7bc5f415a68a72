"""Handlers that wait: how much of the rate that workers and threads allow is reached, and what a blocked thread weighs.

A handler that waits 300 ms on W workers of T threads can be answered W·T times in 300 ms and no more often. As many
clients as that, each asking again when it was answered, get that rate if no request ever waits behind another one's
wait while a thread is free.
"""

from __future__ import annotations

import contextlib
import http.client
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Callable, Iterator

from footprint import Figure
from measure import ProcessTree
from process import ServerFailed, Setup, free_port, running, wait_until_right
from servers import OURS_WAITING, Server
from workloads import WAIT_MILLISECONDS, WAITING

SHAPES = [(1, 16), (5, 1), (5, 4), (2, 16)]
"""Workers and the threads of each."""

WAIT = WAIT_MILLISECONDS / 1000
WARM_UP = 1.0
BLOCKED_MILLISECONDS = 1500
"""How long handlers wait while the memory of their worker is read: all of them are asked in a third of that."""
PATIENCE = 20.0
"""Seconds until an answer that has not come counts as an error."""


@dataclass(frozen=True)
class WaitingSample:
    """One server with so many workers and threads in one round."""

    server: str
    title: str
    workers: int
    threads: int
    close: bool
    """Whether each request had a connection of its own."""
    round: int
    share: float
    """The rate of answers over the ideal one, which is workers × threads ÷ the time that the handler waits."""
    slowest: float
    """Milliseconds until the slowest answer."""
    errors: int

    @property
    def shape(self) -> str:
        return f"{self.workers}×{self.threads}"

    @property
    def kind(self) -> str:
        """How the clients connect, in a word or two."""
        return "one-shot" if self.close else "keep-alive"

    def line(self) -> str:
        marks = f", {self.errors} ERRORS" if self.errors else ""
        return (f"{self.title} {self.shape} {self.kind}: {self.share * 100:.1f} % of the ideal rate, "
                f"slowest {self.slowest:.0f} ms{marks}")


def measure(
    servers: list[Server], scratch: Path, *, rounds: int, seconds: float, cpu: int | None, say: Callable[[str], None]
) -> Iterator[WaitingSample]:
    """Measures all servers in each shape, beginning with another one in each round."""
    taking_part = [server for server in servers if server.has_waiting_handler]
    for number in range(rounds):
        shift = number % max(1, len(taking_part))
        for workers, threads in SHAPES:
            for close in (False, True):
                for server in taking_part[shift:] + taking_part[:shift]:
                    try:
                        sample = _sample(server, workers, threads, close, number, seconds, scratch, cpu)
                    except ServerFailed as error:
                        say(f"  waiting, {server.name}: left out: {error}")
                        continue
                    say(f"  waiting, round {number + 1}: {sample.line()}")
                    yield sample


def _sample(
    server: Server, workers: int, threads: int, close: bool, number: int, seconds: float, scratch: Path, cpu: int | None
) -> WaitingSample:
    clients = workers * threads
    with _served(server, scratch, workers, threads, cpu) as (setup, _):
        begin = time.monotonic() + WARM_UP
        end = begin + seconds
        spans, errors = _ask(setup.port, clients, close, until=end)
    # A request at the edge of the window counts with the share of its time that lies within.
    answers = sum(max(0.0, min(end, to) - max(begin, since)) / (to - since) for since, to in spans)
    inside = [to - since for since, to in spans if to > begin]
    return WaitingSample(
        server=server.name,
        title=server.title,
        workers=workers,
        threads=threads,
        close=close,
        round=number,
        share=answers / seconds / (clients / WAIT),
        slowest=max(inside, default=float("inf")) * 1e3,
        errors=errors,
    )


@contextlib.contextmanager
def _served(
    server: Server, scratch: Path, workers: int, threads: int, cpu: int | None
) -> Iterator[tuple[Setup, ProcessTree]]:
    """A server that has just started and answered rightly."""
    with tempfile.TemporaryDirectory(prefix=f"{server.name}-", dir=scratch) as name:
        setup = Setup(port=free_port(), directory=Path(name), workers=workers, threads=threads)
        with running(server.command(setup), setup, environment=server.environment(setup), cpu=cpu) as tree:
            wait_until_right(WAITING, setup, tree)
            yield setup, tree


def _ask(port: int, clients: int, close: bool, *, until: float) -> tuple[list[tuple[float, float]], int]:
    """Lets clients ask at once, each again when it was answered: when each request was sent and answered; errors."""
    spans: list[tuple[float, float]] = []
    errors: list[str] = []
    start = threading.Barrier(clients)

    def ask() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        start.wait()
        while (since := time.monotonic()) < until:
            try:
                connection.request("GET", WAITING.path, headers={"Connection": "close"} if close else {})
                response = connection.getresponse()
                response.read()
                if response.status != WAITING.status:
                    raise http.client.HTTPException(f"status {response.status}")
                spans.append((since, time.monotonic()))
            except (OSError, http.client.HTTPException) as error:
                errors.append(repr(error))
                connection.close()
                time.sleep(0.01)
        connection.close()

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return spans, len(errors)


def memory(servers: list[Server], scratch: Path, *, say: Callable[[str], None]) -> list[Figure]:
    """What a thread of ours weighs that is blocked in a handler: 16 of them against one, in one worker."""
    found = []
    for server in servers:
        if server.name != OURS_WAITING:
            continue
        few, many = 1, 16
        try:
            with _served(server, scratch, 1, many, None) as (setup, tree):
                sizes = {clients: _while_blocked(setup, tree, clients) for clients in (few, many)}
        except ServerFailed as error:
            say(f"  memory of blocked threads, {server.name}: left out: {error}")
            continue
        # Private_Dirty: the stack and the heap of the threads and of their connections.
        each = (sizes[many] - sizes[few]) / (many - few) / 1024
        what = "memory per thread blocked in a handler, private"
        figure = Figure(server.name, server.title, what, each, "KB", at_most=100)
        say(f"  {figure.title}: {figure.what}: {figure.value:.1f} {figure.unit}")
        found.append(figure)
    return found


def _while_blocked(setup: Setup, tree: ProcessTree, clients: int) -> int:
    """The private memory of the worker, in bytes, while so many handlers wait at once."""
    connections = [http.client.HTTPConnection("127.0.0.1", setup.port, timeout=PATIENCE) for _ in range(clients)]
    try:
        for connection in connections:
            connection.request("GET", f"/sleep/{BLOCKED_MILLISECONDS}")
            time.sleep(0.02)  # One after another, so that each finds the loop with a thread of its own.
        time.sleep(0.3)
        size = sum(tree.private_dirty_bytes(pid) for pid in tree.pids()[1:])
        asked = time.monotonic()
        for connection in connections:
            connection.getresponse().read()
        if time.monotonic() - asked > BLOCKED_MILLISECONDS / 1000:
            raise ServerFailed(f"{clients} handlers did not wait at the same time")
    except (OSError, http.client.HTTPException) as error:
        raise ServerFailed(f"a waiting handler gave no answer ({error!r})") from None
    finally:
        for connection in connections:
            connection.close()
    return size


def shares(samples: list[WaitingSample]) -> dict[tuple[str, str, str], float]:
    """The median share of the rounds, by server, shape and kind of connection."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for sample in samples:
        found.setdefault((sample.server, sample.shape, sample.kind), []).append(sample.share)
    return {key: median(values) for key, values in found.items()}
