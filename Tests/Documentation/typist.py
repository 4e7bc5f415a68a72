"""Types commands into a shell as a reader does, and compares what appears with what the document shows."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import postgresql
from documents import Block, Command
from workspace import Workspace

#: What does not end by itself, and what it says when one can go on.
SERVERS = re.compile(r"^(\w+=\S+ )*(bin/run|bin/dev|\S+ serve|\S+ work|prometheus .*)(\s+#.*)?$")
READY = re.compile(rb'"message":"ready"|\bready\b.*\bpid|^Open http://|Server is ready to receive', re.MULTILINE)

#: Ports that documents name.
PORTS = re.compile(r"(?<![\w.])(8080|8081|8082|8090|9090|9091|9095)(?![\w.])")

#: Deadlines against a hang, generous because a command may build a package; nothing is timed by them.
COMMAND_LIMIT = 420.0
READY_LIMIT = 420.0
STOP_LIMIT = 30.0

#: What differs from one run to the next, in this order.
VOLATILE = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"), "<time>"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "<commit>"),
    (re.compile(r"\b[0-9a-hjkmnp-tv-z]{22,26}\b"), "<id>"),
    (re.compile(r"\b\d+(\.\d+)? ?(ns|µs|ms|s|m|seconds|KB|MB|GB|KiB|MiB)\b"), "<quantity>"),
    (re.compile(r"(?<=\bpid )\d+|(?<=\bsupervisor )\d+|(?<=\"pid\":)\d+"), "<pid>"),
]


def _plain(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    for pattern, word in VOLATILE:
        text = pattern.sub(word, text)
    return re.sub(r"[ \t]+", " ", text).strip()


def _missing(shown: list[str], printed: str) -> str | None:
    """The first line of what is shown that does not appear, in order, in what was printed."""
    rest = [_plain(line) for line in printed.splitlines()]
    for line in shown:
        wanted = _plain(line)
        if wanted in ("", "…"):
            continue
        pattern = re.compile(".*".join(re.escape(part) for part in wanted.split("…")))
        for at, candidate in enumerate(rest):
            if pattern.search(candidate):
                rest = rest[at + 1 :]
                break
        else:
            return line
    return None


class Typist:
    """One shell in one clone. What it started ends with it."""

    def __init__(self, workspace: Workspace, folder: Path) -> None:
        self._workspace = workspace
        self._written = 0
        self._notes = folder.parent / "typed"
        self._notes.mkdir()
        workspace.own(self._notes)
        self._ports: dict[str, str] = {}
        self._database = postgresql.Server()
        #: Process groups that serve, by the port that their command names.
        self._servers: dict[str, int] = {}
        self.count = 0
        reading, writing = os.pipe()
        self._answers = reading
        self._shell = subprocess.Popen(
            [*workspace.launcher, "bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            cwd=folder, pass_fds=(writing,), start_new_session=True,
            env=workspace.environment | {"PORT": self._port("8080")},
        )
        self._control = writing
        os.close(writing)

    def __enter__(self) -> Typist:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_servers()
        # All that is left of this session, such as a job that a document forgot.
        for pid in self._members():
            _kill(pid, signal.SIGKILL)
        self._shell.wait()
        self._database.stop()
        os.close(self._answers)

    def type(self, name: str, blocks: list[Block]) -> list[str]:
        """Types the commands of a document up to the first that is wrong, and returns that one: the others rely on it."""
        for block in blocks:
            if not block.runs:
                continue
            for command in block.commands:
                self.count += 1
                if fault := self._run(command):
                    return [f"{name}:{command.line}: {command.text.splitlines()[0]}\n{fault}"]
        return []

    def prepare(self) -> None:
        """Leaves behind what bin/run does: the release, and a database with the sample in it."""
        for text in (
            "swift build -c release --static-swift-stdlib --product App",
            ".build/release/App migrate",
            ".build/release/App seed",
        ):
            if fault := self._run(Command(text, 0)):
                raise RuntimeError(f"{text}\n{fault}")

    def stop_servers(self) -> None:
        for port in list(self._servers):
            self._stop_server(port)

    def _stop_server(self, port: str) -> None:
        """Ends what serves as Ctrl-C would, and waits for all of its processes."""
        group = self._servers.pop(port, None)
        if group is None:
            return
        _kill(-group, signal.SIGINT)
        deadline = time.monotonic() + STOP_LIMIT
        while any(_group(pid) == group for pid in self._members()):
            if time.monotonic() > deadline:
                _kill(-group, signal.SIGKILL)
                raise RuntimeError(f"the service did not stop in {STOP_LIMIT:.0f} s")
            time.sleep(0.02)

    def _run(self, command: Command) -> str | None:
        text = PORTS.sub(lambda match: self._port(match[0]), command.text)
        text = postgresql.URL.sub(lambda match: self._database.url(match[0]), text)
        self._written += 1
        script = self._notes / f"{self._written:03}.sh"
        output = script.with_suffix(".out")
        script.write_text(text + "\n")
        if SERVERS.match(text) and command.status == 0:
            named = re.search(r"\bPORT=(\d+)", text)
            port = named[1] if named else ""
            self._stop_server(port)
            # A group of its own, so that it is ended as a terminal ends it: all of it at once.
            group = self._tell(f"set -m; (. {script}) >{output} 2>&1 </dev/null & set +m", "$!")
            if group is None:
                return "  did not start"
            self._servers[port] = group
            ended = self._until_ready(port, output)
        else:
            ended = self._tell(f". {script} >{output} 2>&1 </dev/null", "$?")
        printed = self._shown(output)
        if ended is None:
            return f"  did not end in {COMMAND_LIMIT:.0f} s:\n{_tail(printed)}"
        if ended != command.status:
            return f"  ended with {ended}, not {command.status}:\n{_tail(printed)}"
        if missing := _missing(command.output, printed):
            return f"  the document shows\n    {missing}\n  but this appeared:\n{_tail(printed)}"
        return None

    def _tell(self, line: str, answer: str) -> int | None:
        assert self._shell.stdin
        self._shell.stdin.write(f"{line}; echo {answer} >&{self._control}\n".encode())
        self._shell.stdin.flush()
        readable, _, _ = select.select([self._answers], [], [], COMMAND_LIMIT)
        told = os.read(self._answers, 64) if readable else b""
        return int(told) if told else None

    def _until_ready(self, port: str, output: Path) -> int | None:
        """0 when it is ready, something else when it ended before."""
        deadline = time.monotonic() + READY_LIMIT
        while time.monotonic() < deadline:
            if output.exists() and READY.search(output.read_bytes()):
                return 0
            if not any(_group(pid) == self._servers[port] for pid in self._members()):
                del self._servers[port]
                return 1
            time.sleep(0.02)
        return None

    def _shown(self, output: Path) -> str:
        """What appeared, with the ports that the document names."""
        text = output.read_text(errors="replace") if output.exists() else ""
        for named, used in self._ports.items():
            text = re.sub(rf"(?<!\d){used}(?!\d)", named, text)
        return text

    def _port(self, named: str) -> str:
        if named not in self._ports:
            with socket.socket() as probe:
                probe.bind(("", 0))
                self._ports[named] = str(probe.getsockname()[1])
        return self._ports[named]

    def _members(self) -> list[int]:
        """All processes of the shell's session."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.getsid(int(entry)) == self._shell.pid:
                    found.append(int(entry))
            except OSError:
                continue
        return found


def _group(pid: int) -> int | None:
    try:
        if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            return None
        return os.getpgid(pid)
    except OSError:
        return None


def _kill(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except OSError:
        pass


def _tail(text: str) -> str:
    return "\n".join("    " + line for line in text.rstrip().splitlines()[-15:])
