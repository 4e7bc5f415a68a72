"""Where connections land that come at once."""

from __future__ import annotations

import socket
import time

import processes
from load import wait_until
from scenario import Scenario
from trial import Trial
from wire import LOOPBACK, Request

WORKERS = 4
#: The busiest worker has at most so many times the mean, or one more than that where this is less than one connection: a
#: worker that decides where a client goes sees what its siblings have told, and one of them may be off the processor between
#: telling that it is about to accept and finding that there is nobody.
LIMIT = 1.25


def most(size: int) -> float:
    """How many of so many connections the busiest worker may have."""
    return max(LIMIT * size / WORKERS, size / WORKERS + 1)


def is_broken(counts: list[int]) -> bool:
    """Whether the busiest worker has too many of these connections, or one has none."""
    return max(counts) > most(sum(counts)) or min(counts) == 0


class Spread(Scenario):
    """Many clients connect at once to idle workers, and stay."""

    name = "spread"
    title = f"8, 24 and 64 connections at once on {WORKERS} idle workers"
    promise = f"the busiest worker has at most {LIMIT} times the mean, or one more; nobody is idle"
    workers = WORKERS
    on_fixture = True

    def run(self, trial: Trial) -> None:
        for size in (8, 24, 64):
            found = [self._connect_fairly(trial, size) for _ in range(trial.count(10, 4))]
            worst = max(found, key=max)
            broken = sum(is_broken(counts) for counts in found)
            uneven = sum(max(counts) > min(counts) for counts in found)
            text = f"{size} connections: the busiest has at most {most(size):g}, and nobody is idle"
            trial.check(broken == 0, f"{text} (broken {broken} of {len(found)} times; at worst {worst}, uneven {uneven} times)")

    def _connect_fairly(self, trial: Trial, size: int) -> list[int]:
        """The same as `_connect`, once more if that is broken: a worker that was off the processor twice at once is no fault, and one
        that decides wrongly does so again."""
        counts = self._connect(trial, size)
        if is_broken(counts):
            trial.note(f"{size} connections are {counts}: once more")
            counts = self._connect(trial, size)
        return counts

    def _connect(self, trial: Trial, size: int) -> list[int]:
        """How many of so many new connections each worker has, once each was answered."""
        service = trial.service
        clients = [socket.socket() for _ in range(size)]
        try:
            for client in clients:
                client.setblocking(False)
                client.connect_ex((LOOPBACK, service.port))
            request = Request("GET", "/bytes/10", "spread").bytes
            for client in clients:
                client.settimeout(10)
                client.sendall(request)
            for client in clients:
                answered = client.recv(4096).startswith(b"HTTP/1.1 200")
                trial.outcome.tally.add_sent()
                if answered:
                    trial.outcome.tally.add_answer(200, time.monotonic())
                else:
                    trial.check(False, "each connection is answered")
            counts = processes.connections(service.workers, service.port)
            if not sum(counts.values()) == size:
                trial.check(False, f"each of {size} connections is some worker's ({counts})")
            return sorted(counts.values(), reverse=True)
        finally:
            for client in clients:
                client.close()
            wait_until(lambda: not sum(processes.connections(service.workers, service.port).values()), 5)
