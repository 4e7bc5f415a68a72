"""Who takes part, and how each is started: one worker, pinned to a core."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from measure import ProcessTree
from process import Setup, free_port, running

BUILD = HERE.parent / ".build"
PROFILES = ("baseline", "pipelined", "limited-conn", "json", "upload", "static")


@dataclass(frozen=True)
class Contestant:
    name: str
    title: str
    profiles: tuple[str, ...] = PROFILES

    def missing(self) -> str | None:
        """Why it cannot take part."""
        if self.name == "panal" and not _arena().exists():
            return "not built: swift build -c release --static-swift-stdlib --package-path Benchmarks/HttpArena"
        if self.name in ("nginx", "go") and not shutil.which(self.name, path=os.environ["PATH"] + ":/usr/sbin"):
            return f"no {self.name}"
        if self.name == "hummingbird" and not _hummingbird().exists():
            return "not built: bin/bench --install"
        return None


@dataclass(frozen=True)
class Serving:
    title: str
    port: int
    tree: ProcessTree


CONTESTANTS = {
    one.name: one
    for one in (
        Contestant("panal", "Panal"),
        # Without a module of its own it computes nothing.
        Contestant("nginx", "nginx", ("pipelined", "static")),
        Contestant("go", "Go net/http"),
        Contestant("hummingbird", "Hummingbird", ("baseline", "pipelined", "limited-conn", "json", "upload")),
    )
}


def _arena() -> Path:
    return Path(os.environ.get("ARENA_BINARY", HERE / ".build/release/Arena"))


def _hummingbird() -> Path:
    return HERE.parent / "peers/hummingbird-grdb/.build/release/HummingbirdPeer"


NGINX = """
daemon off; worker_processes 1; pid nginx.pid; error_log stderr error;
events { worker_connections 8192; }
http {
    access_log off; keepalive_requests 100000000; keepalive_timeout 65; client_max_body_size 25m;
    client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
    sendfile on; tcp_nopush on;
    types { text/html html; text/css css; application/javascript js; application/json json; image/webp webp;
            image/svg+xml svg; font/woff2 woff2; }
    server {
        listen 127.0.0.1:%(port)d backlog=4096;
        default_type text/plain;
        location = /pipeline { return 200 "ok"; }
        location /static/ { root %(data)s; }
        location / { return 200 "OK"; }
    }
}
"""


def _command(name: str, setup: Setup, data: Path) -> list[str]:
    if name == "panal":
        return [str(_arena()), str(setup.port), "1", str(data)]
    if name == "nginx":
        (setup.directory / "nginx.conf").write_text(NGINX % {"port": setup.port, "data": data})
        return [shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin") or "nginx", "-p", str(setup.directory), "-c", "nginx.conf", "-e", "stderr"]
    if name == "go":
        binary = BUILD / "go-arena"
        environment = {**os.environ, "GO111MODULE": "off", "GOCACHE": str(BUILD / "go-cache")}
        binary.parent.mkdir(exist_ok=True)
        subprocess.run(["go", "build", "-o", str(binary), "."], check=True, cwd=HERE / "go", env=environment)
        return [str(binary), str(setup.port), str(data)]
    return [str(_hummingbird()), str(setup.port), str(setup.directory / "none.sqlite"), "--arena", str(data)]


@contextlib.contextmanager
def serving(name: str, data: Path | None = None, cpu: int | None = None) -> Iterator[Serving]:
    """A contestant while the context lasts, from the moment on at which it accepts connections.

    Raises:
        SystemExit: when it is not there, or does not start.
    """
    import socket
    import time

    contestant = CONTESTANTS[name]
    if why := contestant.missing():
        sys.exit(f"{contestant.title} cannot take part: {why}")
    with tempfile.TemporaryDirectory() as folder:
        # nginx's worker is another user than root and has to get there.
        os.chmod(folder, 0o755)
        setup = Setup(port=free_port(), directory=Path(folder))
        command = _command(name, setup, data or Path(folder))
        with running(command, setup, environment={"GOMAXPROCS": "1"}, cpu=cpu) as tree:
            deadline = time.monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", setup.port), 1).close()
                    break
                except OSError:
                    if time.monotonic() > deadline or not tree.pids():
                        sys.exit(f"{contestant.title} did not start: {setup.output.read_text()[-500:]}")
                    time.sleep(0.02)
            yield Serving(contestant.title, setup.port, tree)
