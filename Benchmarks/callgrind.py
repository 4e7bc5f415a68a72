"""Counts what a program does with valgrind's callgrind, and reads what it wrote down."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterable, Mapping, Sequence

ALLOCATING = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
"""Functions of the C library of which each call is an allocation."""

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "SWIFT_DETERMINISTIC_HASHING": "1"}
"""Nothing that differs from one machine or run to the next; equal seeds, so that tables collide alike."""


class CountingFailed(Exception):
    """The program did not run to its end; the message has what it said."""


@dataclass
class Profile:
    """What a program did."""

    instructions: Counter[str] = field(default_factory=Counter)
    """By function, without those that it called."""
    allocations: int = 0

    @property
    def total(self) -> int:
        return self.instructions.total()

    def minus(self, other: Profile) -> Profile:
        difference = Counter(self.instructions)
        difference.subtract(other.instructions)
        return Profile(difference, self.allocations - other.allocations)


def profile(command: Sequence[str], directory: Path) -> Profile:
    """Runs a program in a folder and counts."""
    output = directory / "callgrind.out"
    valgrind = ["valgrind", "--tool=callgrind", "--quiet", f"--callgrind-out-file={output}"]
    run = subprocess.run(
        [*valgrind, *command],
        cwd=directory,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if run.returncode != 0 or not output.exists():
        raise CountingFailed(f"{' '.join(command)}: exit code {run.returncode}\n{run.stderr}")
    with output.open(encoding="utf-8", errors="replace") as lines:
        return _read(lines)


_NAME = re.compile(r"(c?fn)=\((\d+)\)(?: (.*))?")


def _read(lines: Iterable[str]) -> Profile:
    """Reads the callgrind format (valgrind's manual, chapter "Callgrind Format Specification")."""
    found = Profile()
    names: dict[str, str] = {}
    caller = callee = ""
    is_inclusive = False
    for line in lines:
        if line[0].isdigit() or line[0] in "+-*":
            # The line after a call has what it cost in all; that is counted where it was spent.
            if not is_inclusive:
                parts = line.split()
                if len(parts) > 1:
                    found.instructions[caller] += int(parts[1])
            is_inclusive = False
        elif line.startswith("calls="):
            is_inclusive = True
            if callee in ALLOCATING:
                found.allocations += int(line[6:].split()[0])
        elif name := _NAME.match(line):
            kind, number, text = name.groups()
            if text is not None:
                # A recursive call has a name of its own: malloc'2.
                names[number] = text.split("'")[0]
            if kind == "fn":
                caller = names[number]
            else:
                callee = names[number]
    return found


def demangled(names: Sequence[str]) -> Mapping[str, str]:
    """The names as they are written in Swift."""
    command = ["swift", "demangle", "--compact", "--simplified"]
    run = subprocess.run(command, input="\n".join(names), capture_output=True, text=True)
    readable = run.stdout.splitlines()
    return dict(zip(names, readable)) if len(readable) == len(names) else {name: name for name in names}
