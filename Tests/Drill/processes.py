"""What /proc knows about processes and the sockets they hold."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Makes this process the parent of every descendant whose own parent dies, so that none can hide (prctl(2))."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(parent: int) -> list[int]:
    """The direct children of a process, zombies included; none when it is gone."""
    found: list[int] = []
    try:
        for task in os.listdir(f"/proc/{parent}/task"):
            with open(f"/proc/{parent}/task/{task}/children", encoding="ascii") as file:
                found += [int(pid) for pid in file.read().split()]
    except OSError:
        pass
    return found


def descendants(ancestor: int) -> Iterator[int]:
    """All processes below a process, children before grandchildren."""
    for child in children(ancestor):
        yield child
        yield from descendants(child)


def state(pid: int, task: int | None = None) -> str | None:
    """The state letter of proc(5) of a process, or of one of its threads: R, S, D, T, Z …; None when it is gone."""
    fields = _stat(pid, task)
    return fields[0] if fields else None


def is_alive(pid: int) -> bool:
    """Whether any thread of the process is left: the first may be a zombie while others hold its descriptors."""
    if state(pid) not in (None, "Z", "X"):
        return True
    try:
        return len(os.listdir(f"/proc/{pid}/task")) > 1
    except OSError:
        return False


def is_stopped(pid: int) -> bool:
    """Whether SIGSTOP has reached every thread of the process; that takes a moment."""
    try:
        return all(state(pid, int(task)) == "T" for task in os.listdir(f"/proc/{pid}/task"))
    except OSError:
        return False


def has_pending_signals(pid: int) -> bool:
    """Whether signals were sent to the process that it has not taken yet."""
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            masks = [line.split()[1] for line in file if line.startswith(("SigPnd:", "ShdPnd:"))]
    except OSError:
        return False
    return any(int(mask, 16) for mask in masks)


def processor_seconds(pid: int) -> float:
    """User and system time that the process has used."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND if fields else 0.0


def memory(pid: int) -> int:
    """The process's own memory in bytes, shared pages by share: proc(5), smaps_rollup."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) * 1024
    except OSError:
        return 0


def descriptors(pid: int) -> dict[int, str]:
    """The open descriptors of a process, and where they lead."""
    found: dict[int, str] = {}
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):
            try:
                found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
            except OSError:
                continue
    except OSError:
        pass
    return found


def descriptor_limit(pid: int) -> tuple[str, str]:
    """The soft and the hard limit of open descriptors: proc(5), limits."""
    with open(f"/proc/{pid}/limits", encoding="ascii") as file:
        soft, hard = next(line for line in file if line.startswith("Max open files")).split()[3:5]
    return soft, hard


def holder(pids: list[int], service_port: int, client_port: int) -> int | None:
    """Which of the processes holds the service's end of a connection on the loopback."""
    wanted = f":{service_port:04X}", f":{client_port:04X}"
    for table in ("tcp", "tcp6"):
        try:
            with open(f"/proc/net/{table}", encoding="ascii") as file:
                rows = [line.split() for line in file.readlines()[1:]]
        except OSError:
            continue
        for row in rows:
            if row[1].endswith(wanted[0]) and row[2].endswith(wanted[1]):
                socket = f"socket:[{row[9]}]"
                for pid in pids:
                    if socket in descriptors(pid).values():
                        return pid
    return None


def connections(pids: list[int], service_port: int) -> dict[int, int]:
    """How many connections to the service each of the processes holds."""
    sockets: set[str] = set()
    for table in ("tcp", "tcp6"):
        with open(f"/proc/net/{table}", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        # 01 is established.
        sockets |= {f"socket:[{row[9]}]" for row in rows if row[1].endswith(f":{service_port:04X}") and row[3] == "01"}
    return {pid: len(sockets & set(descriptors(pid).values())) for pid in pids}


def _stat(pid: int, task: int | None = None) -> list[str] | None:
    """The fields of proc(5)'s stat file from the third on: the second, the name, may hold anything."""
    path = f"/proc/{pid}/stat" if task is None else f"/proc/{pid}/task/{task}/stat"
    try:
        with open(path, encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None
