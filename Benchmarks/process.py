"""Starting a server, waiting until it answers rightly, and stopping it: always, and by pid."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from measure import ProcessTree
from workloads import Workload

START_TIMEOUT = 20.0
STOP_TIMEOUT = 5.0


class ServerFailed(Exception):
    """A server did not start, or gave a wrong answer; the message says which and how."""


@dataclass(frozen=True)
class Setup:
    """What a server is started with."""

    port: int
    directory: Path
    """A folder of its own, empty at the start."""
    database: Path | None = None
    """A fresh copy of the sample hotel's database."""
    database_url: str | None = None
    """That of a fresh copy on PostgreSQL."""
    base_url: str | None = None
    """Where the other service is that handlers call."""
    access_log: bool = False
    """Whether to log each request, to `output` or to the file that the server names."""
    workers: int = 1
    threads: int | None = None
    """Threads of each worker that can be in handlers at once, where the server has such a setting; None: as it likes."""

    @property
    def output(self) -> Path:
        """Where standard output and standard error go."""
        return self.directory / "output.log"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    command: list[str],
    setup: Setup,
    *,
    environment: dict[str, str] | None = None,
    cpu: int | None = None,
    guarded: bool = True,
) -> Iterator[ProcessTree]:
    """The process tree of a server, for as long as the context lasts.

    It is pinned to a core if one is given; guarded, it is told to stop should this program die, which costs the start a
    millisecond. Its output goes to `setup.output`.
    """
    wrapper = ["setpriv", "--pdeathsig", "TERM"] if guarded else []
    wrapper += [] if cpu is None else ["taskset", "-c", str(cpu)]
    with setup.output.open("wb") as output:
        process = subprocess.Popen(
            wrapper + command,
            cwd=setup.directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is ours to handle: the server must live until it was measured.
        )
    try:
        yield ProcessTree(process.pid)
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends a server: TERM, and KILL to each process of the tree that outlives the time it was given."""
    with _uninterrupted():
        pids = ProcessTree(process.pid).pids()
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_TIMEOUT)
        session = process.pid
        for pid in reversed(pids):
            # A pid may be another's by now: only one of the session that began with this server is ours.
            with contextlib.suppress(ProcessLookupError):
                if os.getsid(pid) == session:
                    os.kill(pid, signal.SIGKILL)
        process.wait()


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """Lets a second Ctrl-C wait until what the first one began is done."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def wait_until_right(workload: Workload, setup: Setup, tree: ProcessTree) -> None:
    """Waits until the server accepts, then demands the right answer to the workload's request."""
    deadline = time.monotonic() + START_TIMEOUT
    while True:
        try:
            status, body = _ask(workload, setup.port)
            break
        except (OSError, http.client.HTTPException) as error:
            if time.monotonic() > deadline or not tree.pids():
                raise ServerFailed(f"no answer ({error!r}); its output ends: {_tail(setup.output)}") from None
            time.sleep(0.01)
    if status != workload.status or not workload.is_right(body):
        raise ServerFailed(f"wrong answer: {status} {body[:200]!r} instead of {workload.status}")


def _ask(workload: Workload, port: int) -> tuple[int, bytes]:
    method, body, fields = workload.sample_request()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        connection.request(method, workload.path, body, fields)
        response = connection.getresponse()
        return response.status, response.read()


def _tail(path: Path) -> str:
    return path.read_text(errors="replace")[-600:].strip() or "(nothing)"
