"""A handler that asks many other services at the same time, one of which is late: how much of the possible rate is reached.

The hotel asks 40 partners for each availability; 39 answer at once, one after 300 ms, which is less than partners are allowed.
So an answer takes 300 ms, and W workers of T threads can give W·T of them in that time and no more. As many clients ask, each
again when it was answered.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import select
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Callable, Iterator

import hotel
from process import ServerFailed, Setup, free_port, running, stop, wait_until_right
from servers import Go, Panal
from workloads import Workload

PARTNERS = 40
LATE_MILLISECONDS = 300
ALLOWED = "1s"
"""What partners are allowed; the late one keeps it."""
ROOMS_OF_A_PARTNER = 3
OWN_ROOMS = 10
"""Of the sample hotel's rooms so many sleep two."""
SHAPES = [(5, 1), (5, 2), (5, 4)]
"""Workers and the threads of each."""
WARM_UP = 2.0
PATIENCE = 20.0
AT_LEAST = 95
"""Percent of the ideal rate."""


def _is_complete(body: bytes) -> bool:
    """Whether every partner's rooms are there, and our own."""
    document = json.loads(body)
    return len(document["rooms"]) == PARTNERS * ROOMS_OF_A_PARTNER + OWN_ROOMS and document["incomplete"] == []


ASKING = Workload(
    "partners", f"{PARTNERS} partners asked at once, one of them {LATE_MILLISECONDS} ms late",
    "/v1/availability?from=2098-03-01&to=2098-03-03&guests=2", 200, _is_complete, database=True,
)


class GoPartners(Go):
    """The partners: one process, a port for each."""

    name = "go-partners"
    source = "partners"


@dataclass(frozen=True)
class PartnersSample:
    """So many workers and threads in one round."""

    workers: int
    threads: int
    round: int
    share: float
    """The rate of answers over the ideal one, which is workers × threads ÷ the time that the late partner takes."""
    rate: float
    """Answers a second."""
    typical: float
    """Milliseconds until an answer, the median."""
    slowest: float
    """Milliseconds until the slowest answer."""
    cpu_micros: float
    """User and system time of the service's processes per answer, in microseconds."""
    errors: int

    @property
    def shape(self) -> str:
        return f"{self.workers}×{self.threads}"

    def line(self) -> str:
        marks = f", {self.errors} ERRORS" if self.errors else ""
        return (f"{self.shape}: {self.rate:.1f}/s, {self.share * 100:.1f} % of the ideal rate, typically "
                f"{self.typical:.0f} ms, slowest {self.slowest:.0f} ms, {self.cpu_micros:.0f} µs CPU{marks}")


def measure(
    scratch: Path, template: Path, *, rounds: int, seconds: float, server_cpu: int | None, other_cpu: int | None,
    say: Callable[[str], None],
) -> Iterator[PartnersSample]:
    """Measures our hotel in each shape; the service on one core, partners and clients on another."""
    partners = GoPartners()
    if reason := partners.missing():
        say(f"Skipping the partners: {reason}.")
        return
    partners.build()
    for number in range(rounds):
        for workers, threads in SHAPES:
            try:
                sample = _sample(partners, workers, threads, number, seconds, scratch, template, server_cpu, other_cpu)
            except ServerFailed as error:
                say(f"  partners: left out: {error}")
                return
            say(f"  partners, round {number + 1}: {sample.line()}")
            yield sample


def _sample(
    partners: GoPartners, workers: int, threads: int, number: int, seconds: float, scratch: Path, template: Path,
    server_cpu: int | None, other_cpu: int | None,
) -> PartnersSample:
    with contextlib.ExitStack() as scope:
        directory = Path(scope.enter_context(tempfile.TemporaryDirectory(prefix="partners-", dir=scratch)))
        ports = scope.enter_context(_serving(partners, directory, other_cpu))
        setup = Setup(free_port(), directory, database=hotel.copy(template, directory), workers=workers, threads=threads)
        service = Panal()
        environment = service.environment(setup) | {
            "PARTNER_URLS": ",".join(f"p{place}=http://127.0.0.1:{port}" for place, port in enumerate(ports, 1)),
            "PARTNER_TIMEOUT": ALLOWED,
        }
        tree = scope.enter_context(running(service.command(setup), setup, environment=environment, cpu=server_cpu))
        wait_until_right(ASKING, setup, tree)
        clients = _Clients(setup.port, workers * threads)
        begin, cpu_before = time.monotonic() + WARM_UP, 0.0
        end = begin + seconds
        clients.start(until=end)
        time.sleep(max(0.0, begin - time.monotonic()))
        cpu_before = tree.cpu_seconds()
        time.sleep(max(0.0, end - time.monotonic()))
        cpu = tree.cpu_seconds() - cpu_before
        clients.join()
    # A request at the edge of the window counts with the share of its time that lies within.
    answers = sum(max(0.0, min(end, to) - max(begin, since)) / (to - since) for since, to in clients.spans)
    inside = [(to - since) * 1e3 for since, to in clients.spans if to > begin]
    return PartnersSample(
        workers=workers,
        threads=threads,
        round=number,
        share=answers / seconds / (workers * threads / (LATE_MILLISECONDS / 1000)),
        rate=answers / seconds,
        typical=median(inside) if inside else float("inf"),
        slowest=max(inside, default=float("inf")),
        cpu_micros=cpu * 1e6 / answers if answers else float("inf"),
        errors=len(clients.errors),
    )


class _Clients:
    """Clients that ask at once, each again when it was answered."""

    def __init__(self, port: int, count: int) -> None:
        self.spans: list[tuple[float, float]] = []
        """When each request was sent and answered."""
        self.errors: list[str] = []
        self._port = port
        self._threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(count)]
        self._until = 0.0

    def start(self, *, until: float) -> None:
        self._until = until
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        while (since := time.monotonic()) < self._until:
            try:
                connection.request("GET", ASKING.path)
                response = connection.getresponse()
                body = response.read()
                # To parse each would cost these clients more than the service takes.
                if response.status != ASKING.status or not body.endswith(b'"incomplete":[]}'):
                    raise http.client.HTTPException(f"status {response.status}: …{body[-100:]!r}")
                self.spans.append((since, time.monotonic()))
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
                connection.close()
                time.sleep(0.01)
        connection.close()


@contextlib.contextmanager
def _serving(partners: GoPartners, directory: Path, cpu: int | None) -> Iterator[list[int]]:
    """The partners, and the port of each."""
    command = [] if cpu is None else ["taskset", "-c", str(cpu)]
    command += ["setpriv", "--pdeathsig", "TERM", str(partners.binary), str(PARTNERS), str(LATE_MILLISECONDS)]
    with (directory / "partners.log").open("wb") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    try:
        assert process.stdout
        ready, _, _ = select.select([process.stdout], [], [], PATIENCE)
        line = process.stdout.readline() if ready else b""
        if not line:
            raise ServerFailed("the partners do not start")
        yield json.loads(line)
    finally:
        stop(process)


def table(samples: list[PartnersSample]) -> str:
    """The medians of the rounds by workers × threads, as rows of text."""
    if not samples:
        return ""
    lines = [f"\n{ASKING.title}"]
    for shape in dict.fromkeys(sample.shape for sample in samples):
        mine = [sample for sample in samples if sample.shape == shape]
        lines.append(
            f"{shape:>5}  {median(s.rate for s in mine):6.1f}/s  {median(s.share for s in mine) * 100:5.1f} % of the ideal rate  "
            f"typically {median(s.typical for s in mine):4.0f} ms  slowest {max(s.slowest for s in mine):4.0f} ms  "
            f"{median(s.cpu_micros for s in mine):6.0f} µs CPU a request  {sum(s.errors for s in mine)} errors"
        )
    return "\n".join(lines) + "\n"


def shares(samples: list[PartnersSample]) -> dict[str, float]:
    """The median share of the rounds, by shape."""
    found: dict[str, list[float]] = {}
    for sample in samples:
        found.setdefault(sample.shape, []).append(sample.share)
    return {shape: median(values) for shape, values in found.items()}
