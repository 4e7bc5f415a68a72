"""The servers: how each is built and started. One class per server, ours first."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from process import Setup

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
PEERS = HERE / "peers"
BUILD = HERE / ".build"

PLAIN = frozenset({"plaintext", "close", "body-1k", "body-64k"})
CONNECTIONS = frozenset({"plaintext-1", "plaintext-512"})
LOGGED = frozenset({"logged"})
TELEMETRY = frozenset({"telemetry", "telemetry-1", "telemetry-512"})
STORE = frozenset({"room", "room-close", "booking"})
ALONE = frozenset({"room-1"})
CALLS = frozenset({"call"})
POSTGRESQL = frozenset({"room-postgresql", "booking-postgresql"})


class Server:
    """A server that the bench can start with any number of workers, each a process or what comes nearest."""

    name: str
    """What it is called on the command line."""
    title: str
    """What it is called in tables."""
    workloads: frozenset[str]
    """Names of the workloads it takes part in."""
    programs: tuple[str, ...] = ()
    """Commands that must be there."""
    has_workers = False
    """Whether it runs several worker processes when told so."""
    has_waiting_handler = False
    """Whether it answers `/sleep/300`, by a handler that waits so many milliseconds."""

    def missing(self) -> str | None:
        """What it lacks to take part, or None."""
        for program in self.programs:
            if shutil.which(program) is None:
                return f"no {program}"
        return None

    def build(self) -> None:
        """Makes it ready to start. Raises CalledProcessError."""

    def version(self) -> str:
        """Its version, in a few words."""
        return ""

    def command(self, setup: Setup) -> list[str]:
        """The command that starts it."""
        raise NotImplementedError

    def environment(self, setup: Setup) -> dict[str, str]:
        """Variables added to those of the bench."""
        return {"BASE_URL": setup.base_url} if setup.base_url else {}

    def access_log(self, setup: Setup) -> Path:
        """The file that has one line for each request when `setup.access_log` asks for it."""
        return setup.output


class Panal(Server):
    """The service of this repository, as bin/run serves it."""

    name = "panal"
    title = "Panal"
    has_workers = True
    workloads = PLAIN | CONNECTIONS | LOGGED | STORE | ALONE | POSTGRESQL | TELEMETRY
    binary = Path(os.environ.get("PANAL_BINARY", ROOT / ".build/release/App"))
    threads = 16

    def missing(self) -> str | None:
        return None if self.binary.exists() else f"{self.binary} is not built"

    def version(self) -> str:
        return _first_line([str(self.binary), "version"])

    def command(self, setup: Setup) -> list[str]:
        return [str(self.binary), "serve"]

    def environment(self, setup: Setup) -> dict[str, str]:
        return super().environment(setup) | {
            "HOST": "127.0.0.1",
            "PORT": str(setup.port),
            "WEB_CONCURRENCY": str(setup.workers),
            "WEB_THREADS": str(setup.threads or self.threads),
            "LOG_LEVEL": "info" if setup.access_log else "warning",
            "DATABASE_URL": setup.database_url or f"sqlite:{setup.database or setup.directory / 'none.sqlite'}",
        }


class PanalOneThread(Panal):
    """The same where a worker has one thread: what threads cost that nobody needs is the difference."""

    name = "panal-1-thread"
    title = "Panal, one thread"
    has_workers = False
    workloads = PLAIN | CONNECTIONS
    threads = 1


class PanalWithOps(Panal):
    """The same with what everything is measured by: an ops process, and all metrics. What they cost is the difference."""

    name = "panal-ops"
    title = "Panal, with metrics"
    workloads = TELEMETRY

    def environment(self, setup: Setup) -> dict[str, str]:
        return super().environment(setup) | {"OPS_PORT": "0"}


class PanalFixture(Panal):
    """The service of the tests, which has a handler that waits and one that calls another service."""

    name = "panal-fixture"
    title = "Panal"
    has_workers = False
    has_waiting_handler = True
    workloads = CALLS
    binary = Path(os.environ.get("PANAL_FIXTURE_BINARY", ROOT / ".build/release/FixtureService"))


class CLoop(Server):
    """An event loop of C that reads and answers without looking at what it reads: the floor."""

    name = "c-loop"
    title = "C loop, parses nothing"
    workloads = CONNECTIONS | {"plaintext"}
    programs = ("gcc",)
    binary = BUILD / "c-loop"

    def version(self) -> str:
        return _first_line(["gcc", "--version"]).rpartition(" ")[2]

    def build(self) -> None:
        self.binary.parent.mkdir(exist_ok=True)
        subprocess.run(["gcc", "-O2", "-o", str(self.binary), str(PEERS / "c/loop.c")], check=True)

    def command(self, setup: Setup) -> list[str]:
        return [str(self.binary), str(setup.port)]


class Nginx(Server):
    """The limit: a server in C that answers from its configuration."""

    name = "nginx"
    title = "nginx return"
    has_workers = True
    workloads = PLAIN | CONNECTIONS | LOGGED
    programs = ("nginx",)

    def version(self) -> str:
        return _first_line(["nginx", "-v"]).rpartition("/")[2]

    def command(self, setup: Setup) -> list[str]:
        configuration = (PEERS / "nginx/nginx.conf").read_text()
        for key, value in {
            "@PORT@": str(setup.port),
            "@WORKERS@": str(setup.workers),
            "@INDEX@": "." * 186,
            "@ACCESS_LOG@": str(self.access_log(setup)) if setup.access_log else "off",
        }.items():
            configuration = configuration.replace(key, value)
        (setup.directory / "nginx.conf").write_text(configuration)
        return ["nginx", "-p", str(setup.directory), "-c", "nginx.conf", "-e", "stderr"]

    def access_log(self, setup: Setup) -> Path:
        return setup.directory / "access.log"


class Gunicorn(Server):
    """gunicorn with a bare WSGI application, in the worker class that a subclass names."""

    workloads = PLAIN | LOGGED
    programs = ("gunicorn",)
    has_workers = True
    worker_class = "sync"
    threads = 1
    application = (PEERS / "wsgi", "plaintext:application")

    def version(self) -> str:
        return _first_line(["gunicorn", "--version"]).partition("version ")[2].rstrip(")")

    def command(self, setup: Setup) -> list[str]:
        folder, application = self.application
        command = ["gunicorn", "--chdir", str(folder), "--bind", f"127.0.0.1:{setup.port}"]
        command += ["--workers", str(setup.workers), "--worker-class", self.worker_class]
        command += ["--threads", str(setup.threads or self.threads), "--log-level", "warning"]
        if setup.access_log:
            command += ["--access-logfile", str(self.access_log(setup))]
        return command + [application]

    def environment(self, setup: Setup) -> dict[str, str]:
        return super().environment(setup) | {"PYTHONDONTWRITEBYTECODE": "1", "DATABASE": str(setup.database or "")}

    def access_log(self, setup: Setup) -> Path:
        return setup.directory / "access.log"


class GunicornSync(Gunicorn):
    """One request at a time; it closes the connection after each."""

    name = "gunicorn-sync"
    title = "gunicorn sync"


class GunicornThreads(Gunicorn):
    """Threads, which is what gunicorn needs for keep-alive."""

    name = "gunicorn-gthread"
    title = "gunicorn gthread"
    has_waiting_handler = True
    worker_class = "gthread"
    threads = 4


class GunicornHTTPX(GunicornThreads):
    """The same, calling another service by httpx, which PyPI has; one client with its connections for all threads."""

    name = "gunicorn-httpx"
    title = "gunicorn gthread, httpx"
    has_waiting_handler = False
    workloads = CALLS
    libraries = BUILD / "python"

    def missing(self) -> str | None:
        return super().missing() or (None if (self.libraries / "httpx").exists() else "no httpx: bin/bench --install")

    def version(self) -> str:
        found = next(self.libraries.glob("httpx-*.dist-info"), None)
        return f"{super().version()}, httpx {found.name.split('-')[1].removesuffix('.dist') if found else '?'}"

    def environment(self, setup: Setup) -> dict[str, str]:
        return super().environment(setup) | {"PYTHONPATH": str(self.libraries)}


class Flask(Gunicorn):
    """The sample hotel in Flask with Python's sqlite3, under gunicorn's default worker."""

    name = "flask"
    title = "Flask, gunicorn sync"
    workloads = STORE
    application = (PEERS / "flask", "hotel:app")

    def missing(self) -> str | None:
        return super().missing() or _unless_runs(["/usr/bin/python3", "-c", "import flask"], "no python3-flask")


class UWSGI(Server):
    """uWSGI with the same bare application as gunicorn; it closes the connection after each answer."""

    name = "uwsgi"
    title = "uWSGI"
    has_workers = True
    workloads = PLAIN | LOGGED
    programs = ("uwsgi",)

    def version(self) -> str:
        return _first_line(["uwsgi", "--version"])

    def command(self, setup: Setup) -> list[str]:
        command = ["uwsgi", "--plugin", "python3", "--http-socket", f"127.0.0.1:{setup.port}"]
        command += ["--wsgi-file", str(PEERS / "wsgi/plaintext.py"), "--need-app", "--die-on-term", "--master"]
        command += ["--processes", str(setup.workers), "--listen", "1024"]
        # It closes after each answer but does not say so by itself, which clients take for an error.
        command += ["--add-header", "Connection: close"]
        return command if setup.access_log else command + ["--disable-logging"]

    def environment(self, setup: Setup) -> dict[str, str]:
        return {"PYTHONDONTWRITEBYTECODE": "1"}


class Puma(Server):
    """puma with a bare Rack application and its default of up to five threads."""

    name = "puma"
    title = "puma"
    has_workers = True
    has_waiting_handler = True
    workloads = PLAIN | LOGGED
    programs = ("puma",)

    def version(self) -> str:
        return _first_line(["puma", "--version"]).rpartition(" ")[2]

    def command(self, setup: Setup) -> list[str]:
        command = ["puma", "--environment", "production", "--bind", f"tcp://127.0.0.1:{setup.port}"]
        threads = f"{setup.threads}:{setup.threads}" if setup.threads else "0:5"
        command += ["--threads", threads, "--workers", str(setup.workers if setup.workers > 1 else 0)]
        return command + (["--log-requests"] if setup.access_log else []) + [str(PEERS / "puma/config.ru")]


class Go(Server):
    """net/http of Go's standard library, which has no access log and starts a goroutine for each connection."""

    name = "go"
    title = "Go net/http"
    has_waiting_handler = True
    workloads = PLAIN | CALLS
    programs = ("go",)
    source = "plaintext"

    def version(self) -> str:
        return _first_line(["go", "version"]).split()[2].removeprefix("go")

    def build(self) -> None:
        environment = {
            **os.environ,
            # Debian installs Go libraries as a GOPATH.
            "GO111MODULE": "off",
            "GOPATH": "/usr/share/gocode",
            "GOCACHE": str(BUILD / "go-cache"),
        }
        command = ["go", "build", "-o", str(self.binary), "."]
        subprocess.run(command, check=True, cwd=PEERS / "go" / self.source, env=environment)

    @property
    def binary(self) -> Path:
        return BUILD / f"go-{self.source}"

    def command(self, setup: Setup) -> list[str]:
        return [str(self.binary), str(setup.port)]


class GoSQLite(Go):
    """The sample hotel on net/http with database/sql and mattn/go-sqlite3."""

    name = "go-sqlite"
    title = "Go, go-sqlite3"
    has_waiting_handler = False
    workloads = STORE | ALONE
    source = "hotel"
    libraries = {"mattn/go-sqlite3": "golang-github-mattn-go-sqlite3-dev", "lib/pq": "golang-github-lib-pq-dev"}

    def missing(self) -> str | None:
        for library, package in self.libraries.items():
            if not Path("/usr/share/gocode/src/github.com", library).exists():
                return f"no {package}"
        return super().missing()

    def command(self, setup: Setup) -> list[str]:
        return [*super().command(setup), setup.database_url or str(setup.database)]


class GoPostgreSQL(GoSQLite):
    """The same with lib/pq."""

    name = "go-postgresql"
    title = "Go, lib/pq"
    workloads = POSTGRESQL


class Hummingbird(Server):
    """Hummingbird with GRDB: the asynchronous Swift way, on one event loop. A package of its own.

    Its first build takes minutes, so it takes part once `bin/bench --install` has built it.
    """

    name = "hummingbird"
    title = "Hummingbird, GRDB"
    workloads = PLAIN | LOGGED | STORE
    programs = ("swift",)
    package = PEERS / "hummingbird-grdb"
    binary = package / ".build/release/HummingbirdPeer"

    def missing(self) -> str | None:
        return super().missing() or (None if self.binary.exists() else "not built: bin/bench --install builds it")

    def version(self) -> str:
        return "2.28, GRDB 7.10"

    def command(self, setup: Setup) -> list[str]:
        database = setup.database or setup.directory / "none.sqlite"
        command = [str(self.binary), str(setup.port), str(database)]
        return command + (["--access-log"] if setup.access_log else [])


class FastAPI(Server):
    """The sample hotel in FastAPI under uvicorn, with uvloop and httptools: all from PyPI."""

    name = "fastapi"
    title = "FastAPI, uvicorn"
    has_workers = True
    has_waiting_handler = True
    workloads = PLAIN | LOGGED | STORE
    libraries = BUILD / "python"

    def missing(self) -> str | None:
        return None if (self.libraries / "fastapi").exists() else "no fastapi: bin/bench --install"

    def version(self) -> str:
        found = {path.name.split("-")[0]: path.name.split("-")[1] for path in self.libraries.glob("*.dist-info")}
        return ", ".join(f"{name} {found.get(name, '?').removesuffix('.dist')}" for name in ("fastapi", "uvicorn"))

    def command(self, setup: Setup) -> list[str]:
        command = [sys.executable, "-m", "uvicorn", "--app-dir", str(PEERS / "fastapi"), "--host", "127.0.0.1"]
        command += ["--port", str(setup.port), "--workers", str(setup.workers), "--loop", "uvloop", "--http", "httptools"]
        return command + ["--log-level", "info" if setup.access_log else "warning", "hotel:app"]

    def environment(self, setup: Setup) -> dict[str, str]:
        kept = {"PYTHONPATH": str(self.libraries), "PYTHONDONTWRITEBYTECODE": "1", "DATABASE": str(setup.database or "")}
        return super().environment(setup) | kept


SERVERS: list[Server] = [
    Panal(), PanalOneThread(), PanalWithOps(), PanalFixture(), CLoop(), Nginx(), Go(), UWSGI(), Puma(), GunicornSync(),
    GunicornThreads(), GunicornHTTPX(), Hummingbird(), GoSQLite(), GoPostgreSQL(), Flask(), FastAPI(),
]
OURS = "panal"
OURS_WAITING = "panal-fixture"
OURS_CALLING = OURS_WAITING


def ours(workload: str) -> str:
    """Which of ours takes part in a workload."""
    return OURS_CALLING if workload in CALLS else OURS


def _first_line(command: list[str]) -> str:
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=20, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (result.stdout + result.stderr).strip().splitlines()
    return lines[0] if lines else ""


def _unless_runs(command: list[str], otherwise: str) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
    except OSError:
        return otherwise
    return None if done.returncode == 0 else otherwise
