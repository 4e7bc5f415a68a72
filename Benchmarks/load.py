"""The load: wrk, a closed loop of connections that each send the next request when the last one is answered."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from workloads import Workload

SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class LoadResult:
    """What wrk saw. Latencies are milliseconds."""

    requests: int
    seconds: float
    p50: float
    p99: float
    p999: float
    errors: dict[str, int]
    """Requests that failed, by kind: connect, read, write, timeout, and status for another status than expected."""

    @property
    def error_count(self) -> int:
        return sum(self.errors.values())


def run(
    workload: Workload, port: int, *, seconds: float, connections: int, cpu: int | None, first_booking: int = 0
) -> LoadResult:
    """Loads a server on loopback for some seconds, from one thread pinned to one core."""
    whole_seconds = max(1, round(seconds))
    command = [] if cpu is None else ["taskset", "-c", str(cpu)]
    command += ["wrk", "-t1", f"-c{connections}", f"-d{whole_seconds}s", "--timeout", "10s", "-s", str(SCRIPT)]
    command += [f"http://127.0.0.1:{port}{workload.path}", "--", *workload.load_arguments(first_booking)]
    if workload.close:
        command.append("close")
    output = subprocess.run(
        command, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=whole_seconds + 30
    ).stdout
    line = next((line for line in output.splitlines() if line.startswith("JSON ")), None)
    if line is None:
        raise RuntimeError(f"wrk gave no figures: {output.strip()}")
    return _result(json.loads(line.removeprefix("JSON ")), workload)


def _result(figures: dict[str, int], workload: Workload) -> LoadResult:
    errors = {kind: figures[kind] for kind in ("connect", "read", "write", "status", "timeout")}
    if workload.status >= 400:
        # The refusal is the answer that is measured; wrk counts it as an error, so its absence is one.
        errors["status"] = figures["requests"] - figures["status"]
    return LoadResult(
        requests=figures["requests"],
        seconds=figures["micros"] / 1e6,
        p50=figures["p50"] / 1e3,
        p99=figures["p99"] / 1e3,
        p999=figures["p999"] / 1e3,
        errors=errors,
    )
