#!/usr/bin/env python3
"""HttpArena's HTTP/1.1 profiles against this repository's entry and its peers, on this machine, side by side.

    swift build -c release --static-swift-stdlib --package-path Benchmarks/HttpArena
    python3 Benchmarks/HttpArena/bench.py [--seconds 2] [--rounds 3] [--profiles baseline,json] [--servers panal,nginx,go]

Each server has one worker on the first core, wrk the second. Before it is measured it has to answer what HttpArena's validation asks
for. Rounds alternate; what counts is processor time per request and, within a round, the ratio to ours: medians of the rounds.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import data as arena_data
from check import Wrong, check
from contestants import CONTESTANTS, PROFILES, Serving, serving

#: Connections: those of HttpArena that two cores can do something with.
CONNECTIONS = {"baseline": 512, "pipelined": 512, "limited-conn": 512, "json": 512, "upload": 32, "static": 256}


def measure(profile: str, server: Serving, seconds: int, cpu: int, files: list[str]) -> dict[str, float]:
    command = ["taskset", "-c", str(cpu), "wrk", "-t1", f"-c{CONNECTIONS[profile]}", "--timeout", "10s", "-s", str(HERE / "load.lua")]
    target = [f"http://127.0.0.1:{server.port}/", "--", profile, *files]
    subprocess.run([*command, "-d1s", *target], check=True, capture_output=True, timeout=60)
    before = server.tree.cpu_seconds()
    printed = subprocess.run([*command, f"-d{seconds}s", *target], check=True, capture_output=True, text=True, timeout=seconds + 60).stdout
    cpu_seconds = server.tree.cpu_seconds() - before
    line = next(line for line in printed.splitlines() if line.startswith("JSON "))
    figures = json.loads(line.removeprefix("JSON "))
    return {
        "cpu": cpu_seconds * 1e6 / max(figures["requests"], 1),
        "rate": figures["requests"] / figures["micros"] * 1e6,
        "p99": figures["p99"] / 1e3,
        "errors": figures["errors"],
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profiles", default=",".join(PROFILES))
    parser.add_argument("--servers", default=",".join(CONTESTANTS))
    parser.add_argument("--data", type=Path, help="HttpArena's data folder; without it data of the same shape is made")
    parser.add_argument("--check", action="store_true", help="only look whether the answers are right")
    arguments = parser.parse_args()
    names = [name for name in arguments.servers.split(",") if not _say_missing(name)]
    profiles = arguments.profiles.split(",")
    cores = sorted(os.sched_getaffinity(0))
    server_core, load_core = cores[0], cores[1] if len(cores) > 1 else cores[0]
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        data = arguments.data or Path(folder)
        if not arguments.data:
            arena_data.make(data)
        for name in names:
            with serving(name, data) as server:
                try:
                    asked = check(server.port, data, CONTESTANTS[name].profiles)
                except Wrong as wrong:
                    sys.exit(f"{server.title} gives a wrong answer: {wrong}")
                print(f"{server.title}: {asked} answers are as HttpArena asks", file=sys.stderr)
        if arguments.check:
            return 0
        found: dict[tuple[str, str], list[dict[str, float]]] = {}
        for round in range(arguments.rounds):
            for profile in profiles:
                files = sorted(path.name for path in (data / "static").iterdir() if path.suffix not in (".gz", ".br")) if profile == "static" else []
                turn = names[round % len(names) :] + names[: round % len(names)]
                for name in turn:
                    if profile in CONTESTANTS[name].profiles:
                        with serving(name, data, server_core) as server:
                            found.setdefault((profile, name), []).append(measure(profile, server, arguments.seconds, load_core, files))
                print(f"round {round + 1}: {profile}", file=sys.stderr)
    print(table(found, profiles, names))
    return 0


def _say_missing(name: str) -> bool:
    if name not in CONTESTANTS:
        sys.exit(f"There is no {name}: {', '.join(CONTESTANTS)}")
    if why := CONTESTANTS[name].missing():
        print(f"Left out: {CONTESTANTS[name].title}, {why}", file=sys.stderr)
        return True
    return False


def table(found: dict[tuple[str, str], list[dict[str, float]]], profiles: list[str], names: list[str]) -> str:
    lines = ["| CPU µs per request (ours ÷ theirs) | " + " | ".join(CONTESTANTS[name].title for name in names) + " |", "|---|" + "---|" * len(names)]
    for profile in profiles:
        cells = []
        for name in names:
            rounds = found.get((profile, name))
            if not rounds:
                cells.append("–")
                continue
            cell = f"{statistics.median(one['cpu'] for one in rounds):.1f}" if profile not in ("upload", "static") else f"{statistics.median(one['cpu'] for one in rounds):.0f}"
            ours = found.get((profile, names[0]))
            if name != names[0] and ours:
                cell += f" ({statistics.median(a['cpu'] / b['cpu'] for a, b in zip(ours, rounds)):.2f})"
            if any(one["errors"] for one in rounds):
                cell += " !"
            cells.append(cell)
        lines.append(f"| {profile}, {CONNECTIONS[profile]} connections | " + " | ".join(cells) + " |")
    lines += ["", "| requests a second (99 of 100 within) | " + " | ".join(CONTESTANTS[name].title for name in names) + " |", "|---|" + "---|" * len(names)]
    for profile in profiles:
        cells = []
        for name in names:
            rounds = found.get((profile, name))
            rate = statistics.median(one["rate"] for one in rounds) if rounds else 0
            cells.append(f"{rate:,.0f} ({statistics.median(one['p99'] for one in rounds):.1f} ms)" if rounds else "–")
        lines.append(f"| {profile} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
