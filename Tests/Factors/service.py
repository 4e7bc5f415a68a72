"""A running service: started, signalled, watched, and always cleaned up."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import IO, Any

from factor import Broken
from processes import children, descendants, is_alive

#: Deadlines against a hang, generous because the machine may be busy; nothing here is timed by them.
LIMIT = 30.0


class Service:
    """A supervisor with its workers."""

    def __init__(self, command: list[str], settings: dict[str, str], folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.port = 0
        #: What it wrote to standard output, line by line.
        self.lines: list[str] = []
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()
        self._has_ended = False
        self._errors = folder / "stderr"
        self.began = time.monotonic()
        with self._errors.open("ab") as errors:
            self._process = subprocess.Popen(
                command,
                env=settings,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        self.pid = self._process.pid
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,), daemon=True)
        self._reader.start()

    def _read(self, stream: IO[bytes]) -> None:
        for line in stream:
            with self._changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                with contextlib.suppress(ValueError):
                    event = json.loads(line)
                    if isinstance(event, dict):
                        self._events.append(event)
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    # Looking

    def wait_for(self, message: str, after: int = 0) -> dict[str, Any]:
        """The first event that says this, behind so many others."""
        end = time.monotonic() + LIMIT
        with self._changed:
            while True:
                for event in self._events[after:]:
                    if event.get("message") == message:
                        return event
                if self._has_ended or time.monotonic() > end:
                    raise Broken(
                        f'the service never said "{message}": {self.lines[-3:]} {self.errors[-300:]}',
                        "look at what it says when it is started by hand",
                    )
                self._changed.wait(0.1)

    def wait_until_ready(self) -> None:
        """Waits for its first readiness."""
        self.port = int(self.wait_for("ready")["port"])
        self.seconds_to_ready = time.monotonic() - self.began

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it said, as JSON objects."""
        with self._changed:
            return list(self._events)

    @property
    def errors(self) -> str:
        """What it wrote to standard error."""
        return self._errors.read_text(errors="replace")

    @property
    def workers(self) -> list[int]:
        """The living direct children of the supervisor; without OPS_PORT these are its workers."""
        return children(self.pid)

    @property
    def processes(self) -> list[int]:
        """All of its living processes."""
        return [pid for pid in [self.pid, *descendants(self.pid)] if is_alive(pid)]

    # Doing

    def signal(self, number: signal.Signals, pid: int | None = None) -> None:
        """Sends a signal to the supervisor or one of its workers."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid or self.pid, number)

    def wait(self) -> int | None:
        """Its exit code; None when it does not end."""
        try:
            code = self._process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            return None
        # Whoever still has the log's pipe by then should not be there.
        self._reader.join(5)
        return code

    def stop(self) -> int | None:
        """Stops it gracefully; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def destroy(self) -> None:
        """Kills whatever is left of it."""
        if self._process.poll() is not None:
            return
        for pid in [*descendants(self.pid), self.pid]:
            self.signal(signal.SIGKILL, pid)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(LIMIT)
