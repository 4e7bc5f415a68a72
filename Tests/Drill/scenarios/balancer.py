"""A balancer that believes /readyz at once."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import IO, ClassVar

from scenario import Scenario
from service import Service
from stage import Impossible
from trial import Trial

#: One bad answer takes the instance out, one good answer takes it in again: it forgives nothing.
CONFIGURATION = """
global
    maxconn 1000
defaults
    mode http
    timeout connect 10s
    # Without it a check that takes longer than its interval has failed, and a busy machine takes that long.
    timeout check 2s
    timeout client 60s
    timeout server 60s
    option http-keep-alive
frontend public
    bind 127.0.0.1:{port}
    default_backend service
backend service
    option httpchk
    http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host localhost
    server one 127.0.0.1:{service} check inter 50ms fall 1 rise 1 pool-max-conn 0
"""


class Balancer(Scenario):
    """HAProxy asks 20 times a second for readiness while workers are replaced in every way there is."""

    name = "balancer"
    title = "behind HAProxy with fall 1 rise 1: HUP, USR2, TTIN, TTOU, recycling"
    promise = "the service is ready as long as it serves: HAProxy never takes it out, and no request fails"
    settings: ClassVar[dict[str, str]] = {"MAX_REQUESTS": "40"}
    # Workers that leave have clients to attend to, so that some are leaving at any time.
    readers = 20
    writers = 4
    pause = 0.004

    def __init__(self) -> None:
        self._probes: Counter[int | None] = Counter()
        self._process: subprocess.Popen[bytes] | None = None
        self._output: IO[bytes] | None = None
        self._port = 0

    def entrance(self, service: Service) -> int:
        self._start(service)
        return self._port

    def clean_up(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait(5)
        if self._output:
            self._output.close()

    def run(self, trial: Trial) -> None:
        service = trial.service
        for _ in range(trial.count(8, 3)):
            for order in (signal.SIGHUP, signal.SIGUSR2):
                since = len(service.log.events)
                trial.did(order.name)
                service.signal(order)
                trial.check(
                    self._probe_until(trial, lambda since=since: self._count(service, "roll finished", since) > 0, 20),
                    f"{order.name}: all workers are replaced",
                )
            for order in (signal.SIGTTIN, signal.SIGTTOU):
                since = len(service.log.events)
                trial.did(order.name)
                service.signal(order)
                trial.check(
                    self._probe_until(trial, lambda since=since: self._count(service, "size changed", since) > 0, 20),
                    f"{order.name}: there is one {'more' if order == signal.SIGTTIN else 'less'}",
                )
            since = len(service.log.events)
            wanted = trial.count(60, 30)
            trial.did(f"the load goes on until {wanted} workers were recycled")
            trial.check(
                self._probe_until(
                    trial, lambda since=since: self._count(service, "worker exited", since) >= wanted, 60
                ),
                f"{wanted} workers were recycled",
            )
        others = {status: count for status, count in self._probes.items() if status != 200}
        trial.check(not others, f"/readyz says 200 to each of {self._probes.total()} probes ({others or 'no other'})")
        statuses = trial.load.tally.statuses
        bad = {status: count for status, count in statuses.items() if status >= 500}
        trial.check(not bad, f"HAProxy answers nothing itself ({bad or 'no 5xx'})")
        assert self._output is not None
        words = Path(self._output.name).read_text(errors="replace")
        trial.check(" is DOWN" not in words, f"HAProxy never took the service out ({words.count(' is DOWN')} times)")
        trial.recovered(service.wait_until_healthy())

    def _probe_until(self, trial: Trial, condition: Callable[[], bool], timeout: float) -> bool:
        """Asks for readiness again and again until something is so, at most so long; whether it is."""

        def probe() -> bool:
            self._probes[trial.service.probe("/readyz")] += 1
            return condition()

        return trial.load.wait_until(probe, timeout)

    def _count(self, service: Service, message: str, since: int) -> int:
        """How many such events there were from number `since` on."""
        return len(service.log.named(message, since))

    def _start(self, service: Service) -> None:
        haproxy = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin")
        if haproxy is None:
            raise Impossible("haproxy is not installed")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        folder = Path(tempfile.mkdtemp(prefix="haproxy-", dir=service.stage.directory.parent))
        configuration = folder / "configuration"
        configuration.write_text(CONFIGURATION.format(port=self._port, service=service.port))
        self._output = (folder / "output").open("wb")
        self._process = subprocess.Popen(
            [haproxy, "-db", "-f", configuration], stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output
        )
        service.neighbours.add(self._process.pid)
        end = time.monotonic() + 10
        while time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise Impossible(f"haproxy does not start: {(folder / 'output').read_text()[-300:]}")
