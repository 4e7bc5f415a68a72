"""Workers without a free descriptor."""

from __future__ import annotations

import subprocess
import time

import processes
from allowances import short_of_descriptors
from scenario import Scenario
from stage import Impossible
from trial import Trial
from wire import Connection, NotSent

IDLE_CONNECTIONS = 120
#: Processor time per second that the workers may use beyond what they used before: a loop that spins takes a core.
SPARE_LOAD = 0.4


class Descriptors(Scenario):
    """The workers' limit of descriptors is lowered to what they have, and many clients connect."""

    name = "descriptors"
    title = "out of descriptors"
    promise = "connected clients are served, who needs a descriptor is told 503 or waits; nothing is reset, nothing spins"

    def run(self, trial: Trial) -> None:
        service, load = trial.service, trial.load
        workers = service.workers
        usual = self._use(workers, 0.5)
        former = {pid: processes.descriptor_limit(pid) for pid in workers}
        load.allow(short_of_descriptors)
        idle: list[Connection] = []
        try:
            for pid in workers:
                limit = max(processes.descriptors(pid), default=16) + 3
                self._limit(trial, pid, f"{limit}", former[pid][1])
            trial.did(f"prlimit --nofile on all workers, and {IDLE_CONNECTIONS} more connections")
            for _ in range(IDLE_CONNECTIONS):
                try:
                    idle.append(Connection(service.port, 2))
                except NotSent:
                    break
            answered = load.tally.answered
            use = self._use(workers, trial.pick(5, 1.5))
            trial.check(
                load.tally.answered > answered, f"connected clients are served ({load.tally.answered - answered})"
            )
            trial.check(use <= usual + SPARE_LOAD, f"nothing spins ({use:.2f} of a core, {usual:.2f} before)")
            trial.check(service.workers == workers, "no worker died of it")
        finally:
            for pid in workers:
                if processes.is_alive(pid):
                    self._limit(trial, pid, *former[pid])
        trial.did("the limits are as before, the idle connections still open")
        healthy = service.wait_until_healthy()
        load.disallow()
        for connection in idle:
            connection.close()
        trial.recovered(healthy)

    def _limit(self, trial: Trial, pid: int, soft: str, hard: str) -> None:
        """Sets the limit as the service's own user: without CAP_SYS_RESOURCE not even root may do it to others."""
        order = [*trial.stage.user.launcher, "prlimit", f"--pid={pid}", f"--nofile={soft}:{hard}"]
        try:
            subprocess.run(order, check=True, capture_output=True, timeout=10)
        except (OSError, subprocess.CalledProcessError) as error:
            raise Impossible(f"setting the limits of a process is not possible ({error})") from error

    def _use(self, pids: list[int], seconds: float) -> float:
        """Processor seconds per second that these processes use."""
        before = sum(processes.processor_seconds(pid) for pid in pids)
        began = time.monotonic()
        time.sleep(seconds)
        return (sum(processes.processor_seconds(pid) for pid in pids) - before) / (time.monotonic() - began)
