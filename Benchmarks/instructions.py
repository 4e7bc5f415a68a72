"""Instructions and allocations of single functions, against what was committed. Start it as bin/instructions."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import callgrind
from callgrind import Profile

HERE = Path(__file__).resolve().parent
PROGRAM = HERE / "Instructions/.build/release/Instructions"
MEASURES = HERE / "instructions.json"

FEW, MANY = 100, 400
"""Calls in the two runs of which the difference counts: the start, and the first calls that fill caches, cancel out."""

USUAL_GROWTH = 3.0
"""Per cent that a function's instructions may grow by."""

ALLOCATION_SLACK = 0.5
"""Less than one a call, and more than what comes and goes with the length of a duration in the log."""


@dataclass(frozen=True)
class Cost:
    """Of one call."""

    instructions: float
    allocations: float

    @staticmethod
    def of(profile: Profile) -> Cost:
        return Cost(profile.total / (MANY - FEW), profile.allocations / (MANY - FEW))


@dataclass(frozen=True)
class Measure:
    """What a function cost when it was last agreed on, and how much it may grow."""

    cost: Cost
    growth: float

    def verdict(self, cost: Cost) -> str:
        if cost.allocations > self.cost.allocations + ALLOCATION_SLACK:
            return "MORE ALLOCATIONS"
        change = cost.instructions / self.cost.instructions * 100 - 100
        if change > self.growth:
            return "MORE INSTRUCTIONS"
        if change < -self.growth or cost.allocations < self.cost.allocations - ALLOCATION_SLACK:
            return "less: --update keeps it so"
        return ""


def main() -> int:
    options = _options()
    names = subprocess.run([PROGRAM, "list"], check=True, capture_output=True, text=True).stdout.split()
    if unknown := [name for name in options.functions if name not in names]:
        print(f"No function is called {', '.join(unknown)}; there are {', '.join(names)}.", file=sys.stderr)
        return 64
    chosen = options.functions or names
    try:
        profiles = _profiles(chosen)
    except callgrind.CountingFailed as failure:
        print(failure, file=sys.stderr)
        return 70
    if options.where:
        for name in chosen:
            _print_where(name, profiles[name], options.lines)
        return 0
    costs = {name: Cost.of(profile) for name, profile in profiles.items()}
    tools, measures = _load()
    if options.update:
        _save(names, measures, costs)
        measures = {}
    elif tools != _tools():
        print(f"The measures were taken with {tools}, this is {_tools()}: differences come from that and do not count.\n")
        _print_table(costs, measures)
        return 0
    return _print_table(costs, measures)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/instructions", description=__doc__)
    parser.add_argument("functions", nargs="*", help="which functions to measure (all)")
    parser.add_argument("--update", action="store_true", help="take what is measured as the new measure")
    parser.add_argument("--where", action="store_true", help="print where the instructions are spent instead")
    parser.add_argument("--lines", type=int, default=20, help="how many functions --where prints (20)")
    return parser.parse_args()


def _profiles(names: list[str]) -> dict[str, Profile]:
    with tempfile.TemporaryDirectory(prefix="instructions-") as scratch:
        template = Path(scratch) / "template"
        template.mkdir()
        subprocess.run([PROGRAM, "prepare"], cwd=template, check=True, stdout=subprocess.DEVNULL)
        # Reads from the write-ahead log cost more than others, and how many there are is chance.
        with sqlite3.connect(template / "instructions.sqlite") as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

        def difference(name: str) -> Profile:
            return run(name, MANY).minus(run(name, FEW))

        def run(name: str, calls: int) -> Profile:
            directory = Path(scratch) / f"{name}-{calls}"
            shutil.copytree(template, directory)
            return callgrind.profile([str(PROGRAM), name, str(calls)], directory)

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            return dict(zip(names, pool.map(difference, names)))


def _print_table(costs: dict[str, Cost], measures: dict[str, Measure]) -> int:
    """Prints what a call of each function costs; returns 1 when one costs too much."""
    print(f"{'function':<22}{'instructions':>14}{'change':>9}{'allowed':>9}{'allocations':>13}{'before':>8}")
    exit_code = 0
    for name, cost in costs.items():
        line = f"{name:<22}{cost.instructions:>14,.0f}"
        if measure := measures.get(name):
            change = cost.instructions / measure.cost.instructions * 100 - 100
            verdict = measure.verdict(cost)
            line += f"{change:>+8.1f}%{measure.growth:>+8.1f}%{cost.allocations:>13.1f}{measure.cost.allocations:>8.1f}"
            line += f"  {verdict}"
            if verdict.isupper():
                exit_code = 1
        else:
            line += f"{'':>18}{cost.allocations:>13.1f}"
        print(line.rstrip())
    if exit_code:
        print("\nA function costs more than it did. bin/instructions --where FUNCTION shows what does;")
        print("if it is worth it, bin/instructions --update FUNCTION takes it as the new measure.")
    return exit_code


def _print_where(name: str, profile: Profile, lines: int) -> None:
    cost = Cost.of(profile)
    print(f"{name}: {cost.instructions:,.0f} instructions, {cost.allocations:.1f} allocations per call")
    spent = profile.instructions.most_common(lines)
    readable = callgrind.demangled([function for function, _ in spent])
    for function, instructions in spent:
        share = instructions / profile.total
        print(f"{instructions / (MANY - FEW):>10,.0f} {share:>6.1%}  {readable[function][:120]}")
    print()


def _tools() -> str:
    """What the figures depend on besides the code."""
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True).stdout.partition("(")[0]
    library = " ".join(platform.libc_ver())
    return f"{' '.join(swift.split())}, SQLite {sqlite3.sqlite_version}, {library}, {platform.machine()}"


def _load() -> tuple[str, dict[str, Measure]]:
    if not MEASURES.exists():
        return _tools(), {}
    file = json.loads(MEASURES.read_text())
    return file["measuredWith"], {
        name: Measure(Cost(entry["instructions"], entry["allocations"]), entry.get("growth", USUAL_GROWTH))
        for name, entry in file["functions"].items()
    }


def _save(names: list[str], measures: dict[str, Measure], costs: dict[str, Cost]) -> None:
    """Writes the new measures, and the old ones of what was not measured and still exists."""
    entries: dict[str, dict[str, float]] = {}
    for name in names:
        old = measures.get(name)
        cost = costs.get(name) or (old.cost if old else None)
        if cost is None:
            continue
        entries[name] = {"instructions": round(cost.instructions), "allocations": round(cost.allocations, 1)}
        if old and old.growth != USUAL_GROWTH:
            entries[name]["growth"] = old.growth
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(entry)}" for name, entry in entries.items())
    MEASURES.write_text(f'{{\n  "measuredWith": {json.dumps(_tools())},\n  "functions": {{\n{lines}\n  }}\n}}\n')


if __name__ == "__main__":
    sys.exit(main())
