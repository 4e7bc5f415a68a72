"""The service under test: one supervisor with its workers, started, signalled, watched and always cleaned up."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

import processes
from logbook import Event, Logbook
from stage import Stage
from wire import Connection, NotSent, Request, Unanswered

#: Deadlines against a hang, generous because the machine may be busy; nothing here is timed by them.
START_LIMIT = 20.0
STOP_LIMIT = 20.0
HEALTH_LIMIT = 20.0

#: The exit code for an address that cannot be bound.
ADDRESS_UNAVAILABLE = 69

#: So many probes in a row, each on a connection of its own, must find the service ready: one would ask one worker.
PROBES = 5


class ServiceFault(Exception):
    """The service did not do what it must, and the scenario cannot go on."""


class Service:
    """A running service on a stage. Its processes are this process's descendants, also when a parent dies."""

    def __init__(self, stage: Stage, workers: int, settings: dict[str, str], on_event: Callable[[Event], None]) -> None:
        self.stage = stage
        self.worker_count = workers
        self.port = 0
        self.pid = 0
        self._settings = settings
        self._on_event = on_event
        self._logbooks: list[Logbook] = []
        self._process: subprocess.Popen[bytes] | None = None
        #: Processes that the drill put around the service, and that are not the service's.
        self.neighbours: set[int] = set()

    # Starting and stopping

    def start(self, port: int = 0) -> int | None:
        """Starts it and waits for its `ready` event.

        Args:
            port: 0 for any free one.

        Returns:
            None when it is ready, its exit code when it chose not to run.

        Raises:
            ServiceFault: when it does neither in time.
        """
        environment = {
            **self.stage.environment,
            "HOST": "127.0.0.1",
            "PORT": f"{port}",
            "WEB_CONCURRENCY": f"{self.worker_count}",
            **self._settings,
        }
        with open(self.stage.directory / "stderr", "ab") as errors:
            self._process = subprocess.Popen(
                self.stage.command("serve"),
                env=environment,
                cwd=self.stage.directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                # A Ctrl-C is for the drill; the drill decides what it is for the service.
                start_new_session=True,
            )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self._logbooks.append(Logbook(self._process.stdout, self._on_event))
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if ready := self.log.wait_for(lambda event: event["message"] == "ready", 0.1):
                self.port = ready["port"]
                return None
            if (code := self._process.poll()) is not None:
                return code
        raise ServiceFault(f"neither ready nor gone {START_LIMIT:.0f} s after its start")

    def stop(self) -> tuple[int | None, float]:
        """Stops it gracefully; its exit code (None when it had to be killed) and how long it took."""
        began = time.monotonic()
        self.signal(signal.SIGTERM)
        code = self.wait_for_exit(STOP_LIMIT)
        seconds = time.monotonic() - began
        self.log.finish(2)
        return code, seconds

    def wait_for_exit(self, timeout: float) -> int | None:
        """Its exit code, the negative number of the signal that killed it, or None when it stays too long."""
        return self._wait(timeout)

    def start_again(self) -> None:
        """Starts it on the port it had, as a platform does; again and again while its former owner keeps it.

        Raises:
            ServiceFault: when it does not come up.
        """
        end = time.monotonic() + START_LIMIT
        while (code := self.start(self.port)) is not None:
            if code != ADDRESS_UNAVAILABLE or time.monotonic() > end:
                raise ServiceFault(f"it does not start again (exit code {code})")

    # Looking

    @property
    def log(self) -> Logbook:
        """What the present supervisor and its workers say."""
        return self._logbooks[-1]

    @property
    def log_faults(self) -> list[str]:
        return [fault for logbook in self._logbooks for fault in logbook.faults]

    def worker_of(self, request_id: str) -> int | None:
        """Which worker served a request, says the log."""
        for logbook in reversed(self._logbooks):
            if worker := logbook.worker_of(request_id):
                return worker
        return None

    @property
    def workers(self) -> list[int]:
        """The living direct children of the supervisor, oldest first."""
        return sorted(pid for pid in processes.children(self.pid) if processes.is_alive(pid))

    @property
    def memory(self) -> int:
        """The bytes that its processes hold, shared ones by share."""
        return sum(processes.memory(pid) for pid in [self.pid, *self.workers])

    def is_healthy(self) -> bool:
        """Whether it is ready on each of some fresh connections, and has exactly the workers that it should have."""
        if len(processes.children(self.pid)) != self.worker_count:
            return False
        return all(self.probe("/readyz") == 200 for _ in range(PROBES))

    def probe(self, target: str, timeout: float = 5.0) -> int | None:
        """The status of a GET on a connection of its own; None when there was no answer."""
        try:
            with Connection(self.port, timeout) as connection:
                return connection.exchange(Request("GET", target, "probe", one_shot=True)).status
        except (NotSent, Unanswered):
            return None

    def wait_until_healthy(self, timeout: float = HEALTH_LIMIT) -> float | None:
        """Waits until it is healthy; the seconds that took, None when it did not become so."""
        began = time.monotonic()
        while time.monotonic() - began < timeout:
            if self.is_healthy():
                return time.monotonic() - began
            time.sleep(0.005)
        return None

    # Doing

    def signal(self, number: signal.Signals, pid: int | None = None) -> bool:
        """Sends a signal to the supervisor or one of its workers; whether it was there."""
        try:
            os.kill(pid or self.pid, number)
        except ProcessLookupError:
            return False
        return True

    def reap_orphans(self) -> None:
        """Takes the exit codes of workers that outlived their supervisor."""
        for pid in processes.children(os.getpid()):
            if pid not in {self._popen_pid, *self.neighbours} and processes.state(pid) == "Z":
                try:
                    os.waitpid(pid, os.WNOHANG)
                except ChildProcessError:
                    continue

    def wait_for_no_process(self, timeout: float) -> list[int]:
        """Waits until nothing of the service is left; what is."""
        end = time.monotonic() + timeout
        while True:
            self.reap_orphans()
            found = set(processes.descendants(os.getpid())) - self.neighbours
            left = sorted(pid for pid in found if processes.is_alive(pid))
            if not left or time.monotonic() > end:
                return left
            time.sleep(0.005)

    def destroy(self) -> None:
        """Kills whatever is left of it, process by process."""
        for _ in range(3):
            for pid in list(processes.descendants(os.getpid())):
                self.signal(signal.SIGKILL, pid)
            if self._process:
                self._wait(2)
            if not self.wait_for_no_process(2):
                return

    @property
    def _popen_pid(self) -> int:
        return self._process.pid if self._process else 0

    def _wait(self, timeout: float) -> int | None:
        if self._process is None:
            return None
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
