"""What a process tree costs: CPU time and memory, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class ProcessTree:
    """A process and all its descendants, as they are at the moment of each question."""

    root: int

    def pids(self) -> list[int]:
        """The processes of the tree, the root first; empty when it is gone."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                children.setdefault(int(fields[1]), []).append(int(entry.name))
        found, waiting = [], [self.root] if _stat(self.root) else []
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += children.get(pid, [])
        return found

    def cpu_seconds(self) -> float:
        """User and system time of the tree so far, descendants that ended and were waited for included."""
        ticks = 0
        for pid in self.pids():
            if fields := _stat(pid):
                # utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
                ticks += sum(int(field) for field in fields[11:15])
        return ticks / TICKS_PER_SECOND

    def pss_bytes(self) -> int:
        """Proportional set size: pages that several processes share are counted once over the tree."""
        return sum(_memory(pid, "Pss") for pid in self.pids())

    def private_dirty_bytes(self, pid: int) -> int:
        """What one process of the tree has written and shares with nobody: what it would free by ending."""
        return _memory(pid, "Private_Dirty")


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third on, or None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The second field is the name in parentheses, which may hold anything, parentheses included.
    return text[text.rindex(")") + 2 :].split()


def _memory(pid: int, kind: str) -> int:
    """A line of proc(5)'s smaps_rollup, in bytes."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith(f"{kind}:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # It has just ended, or it is a zombie.
    return 0
