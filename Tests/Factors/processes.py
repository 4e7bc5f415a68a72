"""What /proc knows about processes (proc(5))."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Makes this process the parent of every descendant whose own parent dies, so that none can hide (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(parent: int) -> list[int]:
    """The living direct children of a process; none when it is gone."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                found += [int(pid) for pid in file.read().split()]
    except OSError:
        pass
    return sorted(pid for pid in found if is_alive(pid))


def descendants(ancestor: int) -> Iterator[int]:
    """All living processes below a process."""
    for child in children(ancestor):
        yield child
        yield from descendants(child)


def is_alive(pid: int) -> bool:
    """Whether it is there and no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def executable(pid: int) -> str | None:
    """The file that a process runs; None when it may not be known."""
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return None


def open_files(pid: int) -> list[tuple[int, str, int]]:
    """The open descriptors of a process: number, where each leads, and its flags (open(2))."""
    found: list[tuple[int, str, int]] = []
    try:
        names = os.listdir(f"/proc/{pid}/fd")
    except OSError:
        return found
    for name in names:
        try:
            target = os.readlink(f"/proc/{pid}/fd/{name}")
            with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as file:
                flags = next(int(line.split()[1], 8) for line in file if line.startswith("flags:"))
        except (OSError, StopIteration):
            continue
        found.append((int(name), target, flags))
    return found
