"""Proofs about the service while it runs: III config, IV backing services, VI to IX, XI logs."""

from __future__ import annotations

import json
import os
import re
import signal
import statistics
import subprocess
import threading
from pathlib import Path

import own
from factor import require
from postgres import PostgreSQL
from processes import is_alive, open_files
from service import Service
from stage import Stage, eventually, free_port, keep
from wire import Connection, Lost, NotSent, ask

#: From its start to its readiness, in seconds, also on a busy machine.
START_LIMIT = 3.0


def config(stage: Stage) -> None:
    """All of it comes from the environment, and none is in the code."""
    shown = stage.run("config")
    require(
        shown.returncode == 0,
        f"without a variable `config` ends with {shown.returncode}",
        "give each setting a default",
    )
    stage.did("`env -i … config`: every setting has a default or is not needed")
    wrong = stage.run("serve", settings={"PORT": "http", "WEB_CONCURRENCY": "some"})
    require(
        wrong.returncode == 78 and all(name in wrong.stdout + wrong.stderr for name in ("PORT", "WEB_CONCURRENCY")),
        f"two faulty settings end it with {wrong.returncode}",
        "report every fault before the port is opened, and exit with 78",
    )
    stage.did("two faulty settings: both are named, exit code 78")
    told = stage.run("config", settings={"WEB_CONCURENCY": "2"})
    require("WEB_CONCURRENCY" in told.stderr, "a misspelt variable is taken without a word", "warn about it")
    stage.did("WEB_CONCURENCY: `config` asks whether WEB_CONCURRENCY is meant")
    plain, other = stage.serve(), stage.serve({"DEBUG_HEADERS": "on"})
    require(
        "x-panal-worker" in ask(other.port, "GET", "/livez").fields
        and "x-panal-worker" not in ask(plain.port, "GET", "/livez").fields,
        "a setting changes nothing",
        "let the release read its environment at the start",
    )
    stage.did("the same file, two environments, two behaviours (DEBUG_HEADERS)")
    require(
        not (stage.repository / ".git").exists() or not _is_tracked(stage, ".env"),
        ".env is committed",
        "git rm --cached .env",
    )


def _is_tracked(stage: Stage, name: str) -> bool:
    command = ["git", "-c", f"safe.directory={stage.repository}", "-C", str(stage.repository), "ls-files", "--", name]
    return bool(subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout.strip())


def backing_services(stage: Stage) -> None:
    """Where the data lives is a URL: another one is another database, of another kind if need be."""
    first = stage.serve()
    place, kept = keep(first.port, 0)
    second = stage.serve()
    require(ask(second.port, "GET", place).status == 404, "two URLs lead to one database", "read DATABASE_URL")
    again = stage.start(first.folder, first.settings)
    require(ask(again.port, "GET", place).json == kept, "one URL leads to two databases", "read DATABASE_URL")
    stage.did("two SQLite URLs are two databases, one URL is one, for two instances")
    folder = stage.folder()
    with PostgreSQL(stage.directory) as server:
        settings = stage.prepare(folder, {"DATABASE_URL": server.url})
        service = stage.start(folder, settings)
        place, kept = keep(service.port, 1)
        require(ask(service.port, "GET", place).json == kept, "PostgreSQL does not keep it", "look at its log")
        require(service.stop() == 0, "it did not stop gracefully", "look at its log")
        service = stage.start(folder, settings)
        require(ask(service.port, "GET", place).json == kept, "PostgreSQL forgot it", "look at its log")
        service.stop()
    stage.did("the same file on postgres://…: kept, and still there after a restart")


def processes(stage: Stage) -> None:
    """Workers share nothing and keep nothing: killing them loses nothing that was acknowledged."""
    service = stage.serve()
    acknowledged: list[tuple[str, object]] = []
    stopped = threading.Event()

    def write() -> None:
        for number in range(1000):
            if stopped.is_set():
                return
            # The request that a killed worker had is unanswered: nothing was promised.
            try:
                path, body = own.record(number)
                answer = ask(service.port, "POST", path, body)
            except (Lost, NotSent):
                continue
            if answer.status == 201:
                acknowledged.append((answer.fields["location"], answer.json))

    writer = threading.Thread(target=write)
    writer.start()
    killed: set[int] = set()
    for _ in range(4):
        goal = len(acknowledged) + 10
        eventually(lambda goal=goal: len(acknowledged) >= goal or not writer.is_alive())
        victims = [pid for pid in service.workers if pid not in killed]
        if not victims:
            break
        killed.add(victims[0])
        service.signal(signal.SIGKILL, victims[0])
        eventually(lambda: len(service.workers) >= 2)
    stopped.set()
    writer.join()
    require(len(acknowledged) > 20, f"of many writes {len(acknowledged)} were acknowledged", "look at the log")
    require(len(killed) >= 2, "workers that die are not replaced", "look at the log")
    lost = [place for place, kept in acknowledged if ask(service.port, "GET", place).json != kept]
    require(not lost, f"{len(lost)} of {len(acknowledged)} writes are gone", "keep nothing in a worker's memory")
    stage.did(f"KILL to {len(killed)} workers under writes: all {len(acknowledged)} acknowledged writes are there")


def port_binding(stage: Stage) -> None:
    """It is its own web server, on the port that it is told."""
    port = free_port()
    service = stage.serve({"PORT": f"{port}"})
    require(service.port == port, f"told to listen on {port}, it listens on {service.port}", "let it read PORT")
    require(ask(port, "GET", "/livez").status == 200, f"nobody answers on port {port}", "let it read PORT")
    inodes = {f"socket:[{inode}]" for inode in _listening(port)}
    holders = [pid for pid in service.processes if inodes & {target for _, target, _ in open_files(pid)}]
    # Another user's descriptors cannot be seen.
    if holders or os.geteuid() == 0:
        require(service.pid in holders, "another program listens for it", "let the release open the port itself")
    stage.did(f"PORT={port}: it listens there itself, and answers HTTP without a server in front")


def _listening(port: int) -> set[str]:
    inodes: set[str] = set()
    for table in ("tcp", "tcp6"):
        path = Path("/proc/net") / table
        rows = [line.split() for line in path.read_text().splitlines()[1:]] if path.exists() else []
        # 0A is listening.
        inodes |= {row[9] for row in rows if row[1].endswith(f":{port:04X}") and row[3] == "0A"}
    return inodes


def concurrency(stage: Stage) -> None:
    """More processes are more of it, on one host and on many."""
    service = stage.serve({"WEB_CONCURRENCY": "3"})
    for order, count in ((None, 3), (signal.SIGTTIN, 4), (signal.SIGTTOU, 3), (signal.SIGTTOU, 2)):
        if order:
            service.signal(order)
        require(
            eventually(lambda count=count: len(service.workers) == count),
            f"{count} workers were asked for, there are {len(service.workers)}",
            "read WEB_CONCURRENCY, obey TTIN and TTOU",
        )
        require(ask(service.port, "GET", "/livez").status == 200, "it does not answer meanwhile", "look at the log")
    stage.did("WEB_CONCURRENCY=3, TTIN, TTOU, TTOU: 3, 4, 3, 2 workers, and it serves all the time")
    place, kept = keep(service.port, 2)
    second = stage.start(service.folder, service.settings)
    require(
        ask(second.port, "GET", place).json == kept, "a second instance knows other things", "keep state in the store"
    )
    stage.did("a second instance beside it has the same data")


def disposability(stage: Stage) -> None:
    """It starts quickly, stops without losing a request, and dies without leaving anything."""
    service = stage.serve()
    times = [service.seconds_to_ready]
    for _ in range(3):
        require(service.stop() == 0, "it did not stop gracefully", "look at its log")
        service = stage.start(service.folder, service.settings)
        times.append(service.seconds_to_ready)
    median = statistics.median(times)
    require(median < START_LIMIT, f"it takes {median:.1f} s to be ready", "do less before the workers are ready")
    stage.did(f"ready {median * 1000:.0f} ms after its start (median of {len(times)})")
    answered, lost = _load_until_stopped(service)
    require(not lost, f"TERM lost {len(lost)} requests: {lost[:2]}", "finish what was begun, answer what was sent")
    stage.did(f"TERM while 12 clients ask: exit code 0, {answered} answers, none of what was sent is lost")
    service = stage.start(service.folder, service.settings)
    orphans = service.processes
    service.signal(signal.SIGKILL)
    service.wait()
    gone = eventually(lambda: not any(is_alive(pid) for pid in orphans))
    require(gone, f"{[pid for pid in orphans if is_alive(pid)]} outlive the supervisor", "let workers notice its death")
    stage.did("KILL to the supervisor: no process is left")
    again = stage.start(service.folder, {**service.settings, "PORT": f"{service.port}"})
    require(again.port == service.port and again.stop() == 0, "it does not start again", "look at its log")
    stage.did("it starts again on the same port")


def _load_until_stopped(service: Service) -> tuple[int, list[str]]:
    """Asks until nobody listens any more; how often there was an answer, and what was lost."""
    answers = [0] * 12
    lost: list[str] = []

    def ask_on(number: int) -> None:
        connection: Connection | None = None
        while True:
            try:
                connection = connection or Connection(service.port)
                closes = number % 2 == 0
                answer = connection.ask("GET", "/readyz", fields={"Connection": "close"} if closes else None)
            except NotSent:
                if connection is None:
                    return
                connection.close()
                connection = None
                continue
            except Lost as error:
                lost.append(str(error))
                return
            answers[number] += 1
            if closes or answer.fields.get("connection") == "close":
                connection.close()
                connection = None

    clients = [threading.Thread(target=ask_on, args=(number,)) for number in range(len(answers))]
    for client in clients:
        client.start()
    eventually(lambda: min(answers) >= 20)
    code = service.stop()
    for client in clients:
        client.join()
    require(code == 0, f"it stopped with {code}", "look at its log")
    return sum(answers), lost


def logs(stage: Stage) -> None:
    """Events go to standard output, a JSON object a line, and nowhere else."""
    folder = stage.folder()
    settings = stage.prepare(folder)
    before = _files(folder)
    service = stage.start(folder, settings)
    for number in range(20):
        ask(service.port, "GET", "/livez" if number % 2 else f"/nowhere/{number}")
    keep(service.port, 3)
    written = sorted(
        {
            target
            for pid in service.processes
            for number, target, flags in open_files(pid)
            if _is_log(target, flags, folder)
        }
    )
    require(not written, f"it writes to {written}", "write events to standard output alone")
    require(service.stop() == 0, "it did not stop gracefully", "look at its log")
    strange = [line for line in service.lines if not _is_event(line)]
    require(not strange, f"this is no JSON object: {strange[:1]}", "log by swift-log, print nothing")
    require(
        service.errors == "", f"it wrote to standard error: {service.errors[:200]}", "write events to standard output"
    )
    require(
        any("/nowhere/2" in str(event) for event in service.events),
        "a request is not in the log",
        "leave LOG_LEVEL at info",
    )
    new = sorted(name for name, _ in _files(folder) - before if not name.startswith("data.sqlite") and name != "stderr")
    require(not new, f"it wrote files: {new}", "write events to standard output alone")
    stage.did(f"{len(service.lines)} lines on standard output, each a JSON object; nothing on standard error; no file")


def _files(folder: Path) -> set[tuple[str, int]]:
    """The files of a folder, with their sizes."""
    return {(str(path.relative_to(folder)), path.stat().st_size) for path in folder.rglob("*")}


def _is_log(target: str, flags: int, folder: Path) -> bool:
    """Whether a descriptor writes to a file that is neither the database nor memory."""
    if (
        flags & os.O_ACCMODE == os.O_RDONLY
        or not target.startswith("/")
        or target.startswith(("/dev/", "/memfd:", "/proc/"))
    ):
        return False
    return not re.match(re.escape(f"{folder}/data.sqlite"), target) and target != f"{folder}/stderr"


def _is_event(line: str) -> bool:
    try:
        event = json.loads(line)
    except ValueError:
        return False
    return isinstance(event, dict) and "message" in event
