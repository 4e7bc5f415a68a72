"""Partner hotels that do everything wrong."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import moves
from crowd import Ask
from load import wait_until
from moves import Move
from scenario import Scenario
from spans import Span, causes
from stage import Stage
from tally import Failure
from trial import Trial
from wire import Answer, Connection, Request

PROGRAM = Path(__file__).parent.parent / "hostile.py"
#: Nights far behind those that the other clients book: all rooms are free.
TARGET = "/v1/availability?from=2098-03-01&to=2098-03-03&guests=2"
OWN_ROOMS = 10
GOOD = "good"
#: Seconds that partners get, and that an answer may take in all.
PARTNER_TIMEOUT = 0.5
LIMIT = PARTNER_TIMEOUT + 0.25
#: Of so many answers the one partner in its right mind may be missing, because the machine let it or us run too late: those took
#: as long as partners are allowed. Where they overlap they are one, since what is late is late for all who ask.
LATE_SHARE = 0.02
#: How many ask for availability all the time.
ASKERS = 8
#: After so many answers, on however slow a machine, the workers have met all partners: what they hold then is compared later.
FIRST = 60
#: Who wants something fast meanwhile, and the seconds in which 99 of 100 have it.
CLIENTS = 20
FAST = "/v1/rooms/101"
FAST_LIMIT = 0.05
#: What a process may take more when it has met all of them often than when it had met all of them at first.
GROWTH = 4 << 20
#: An answer of a partner is given up when it is larger than that, so not much more is taken of it.
LARGEST_TAKEN = 4 << 20
WORKERS = 4
THREADS = 4
#: 169.254.169.254, as in /proc/net/tcp.
METADATA_ADDRESS = "FEA9FEA9"


class Partners(Scenario):
    """A dozen partners hang, reset, send garbage, 10 GB, a byte a second, or lead astray; one answers."""

    name = "partners"
    title = "12 partner hotels hang, reset, lie, send 10 GB or a byte a second; rolls and kills meanwhile"
    promise = "each /v1/availability is a 200 in time, with all that there is, and says who is missing"
    workers = WORKERS

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._ports: dict[str, int] = {}
        self._answers = 0
        #: From a request to its answer: all of them, and those in which the partner in its right mind is missing.
        self._waits: list[Span] = []
        self._late: list[Span] = []
        self._stopping = threading.Event()

    def prepare(self, stage: Stage) -> Stage:
        self._process = subprocess.Popen(
            [sys.executable, "-B", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
        )
        assert self._process.stdout
        self._ports = json.loads(self._process.stdout.readline())
        self.settings = {
            "PARTNER_URLS": ",".join(f"{name}=http://127.0.0.1:{port}" for name, port in self._ports.items()),
            "PARTNER_TIMEOUT": f"{PARTNER_TIMEOUT * 1000:.0f}ms",
            "WEB_THREADS": f"{THREADS}",
        }
        # Each thread keeps a connection to each partner that lets it, and what it waits with.
        self.spare_descriptors = THREADS * (len(self._ports) + 4)
        return stage

    def clean_up(self) -> None:
        self._stopping.set()
        if self._process:
            self._process.kill()
            self._process.wait(5)

    def run(self, trial: Trial) -> None:
        service = trial.service
        assert self._process
        service.neighbours.add(self._process.pid)
        askers = [threading.Thread(target=self._ask, args=(trial, number), daemon=True) for number in range(ASKERS)]
        watcher = threading.Thread(target=self._watch_for_metadata, args=(trial,), daemon=True)
        for thread in [*askers, watcher]:
            thread.start()

        trial.did(f"{ASKERS} clients ask for availability, {CLIENTS} for a room")
        trial.pause(trial.pick(4, 2))
        trial.check(wait_until(lambda: self._answers >= FIRST, 30), f"there are {FIRST} answers at first")
        before = self._sizes(trial)
        descriptors = self._descriptors(trial)
        crowd = trial.crowd(CLIENTS, Ask(FAST), pause=0.05)
        trial.pause(trial.pick(20, 4))
        fast = trial.dismiss(crowd)
        self._judge_size(trial, before, descriptors)
        trial.check(len(fast) == len(fast.with_status(200)), "every other request is answered rightly")
        p99 = fast.percentile(99)
        trial.check(p99 <= FAST_LIMIT, f"99 of 100 others within {FAST_LIMIT * 1000:.0f} ms ({fast.waits})")

        for _ in range(trial.count(4, 1)):
            former = set(service.workers)
            trial.did("HUP")
            service.signal(signal.SIGHUP)
            trial.check(trial.wait_for_successors(former), "all workers are replaced")
            trial.pause(0.3)
        for _ in range(trial.count(8, 2)):
            victim = service.workers[0]
            trial.did(f"kill -9 of worker {victim}")
            trial.kill(victim)
            if not trial.check(trial.wait_for_size(service.worker_count), "it is replaced"):
                break
            trial.pause(0.5)

        self._stopping.set()
        for thread in [*askers, watcher]:
            thread.join(30)
        trial.check(self._answers >= ASKERS * 5, f"there were enough answers ({self._answers})")
        slowest = max((trial.took(began, ended) for began, ended in self._waits), default=0.0)
        trial.check(slowest <= LIMIT, f"each within {LIMIT * 1000:.0f} ms ({slowest * 1000:.0f} ms)")
        late = causes(self._late)
        text = f"who answers in time is there ({late} times too late, in {len(self._late)} answers)"
        trial.check(late <= max(1, self._answers * LATE_SHARE), text)
        self._judge_partners(trial)
        trial.recovered(service.wait_until_healthy())

    def excuses(self, trial: Trial, failure: Failure) -> bool:
        return trial.fell_with_some_worker(failure)

    # Asking

    def _ask(self, trial: Trial, number: int) -> None:
        connection: Connection | None = None
        while not self._stopping.is_set():
            request = Request("GET", TARGET, moves.request_id(), one_shot=number % 2 == 1)
            began = time.monotonic()
            answered = trial.load.tally.answered
            move = Move("GET /v1/availability", request, lambda answer, began=began: self._fault_in(answer, began))
            connection = trial.load.perform(move, connection)
            if trial.load.tally.answered > answered:
                self._waits.append((began, time.monotonic()))
            self._stopping.wait(0.02)
        if connection:
            connection.close()

    def _fault_in(self, answer: Answer, began: float) -> str | None:
        if answer.status != 200:
            return f"{answer.status} instead of 200"
        self._answers += 1
        document = json.loads(answer.body)
        offers = document["rooms"]
        own = [room for room in offers if "hotel" not in room]
        others = [(room["hotel"], room["id"]) for room in offers if "hotel" in room]
        prices = [float(room["pricePerNight"]["amount"]) for room in offers]
        missing = [name for name in self._ports if name != GOOD]
        if len(own) != OWN_ROOMS:
            return f"{len(own)} own rooms instead of {OWN_ROOMS}"
        now = time.monotonic()
        if document["incomplete"] == [GOOD, *missing] and now - began >= PARTNER_TIMEOUT:
            self._late.append((began, now))
        elif document["incomplete"] != missing:
            return f"incomplete are {document['incomplete']} instead of {missing}"
        elif others != [(GOOD, "attic"), (GOOD, "parlour")]:
            return f"of partners {others}"
        return None if prices == sorted(prices) else "not the cheapest first"

    def _watch_for_metadata(self, trial: Trial) -> None:
        """Looks whether anybody tries to connect where a redirect leads; a connection that hangs there stays for seconds."""
        found = False
        while not self._stopping.wait(0.05):
            found = found or METADATA_ADDRESS in Path("/proc/net/tcp").read_text()
        trial.check(not found, "nobody was led to the metadata service")

    # Judging

    def _sizes(self, trial: Trial) -> int:
        return trial.service.memory

    def _descriptors(self, trial: Trial) -> int:
        return max(trial.descriptors(pid) for pid in trial.service.workers)

    def _judge_size(self, trial: Trial, memory: int, descriptors: int) -> None:
        more = (trial.service.memory - memory) / WORKERS
        trial.check(more <= GROWTH, f"a worker grows by at most {GROWTH >> 20} MiB ({more / (1 << 20):.1f} MiB)")
        # Each thread may have met one more of them meanwhile, but not one for each answer.
        bound = descriptors + self.spare_descriptors
        wait_until(lambda: self._descriptors(trial) <= bound, 3)
        found = self._descriptors(trial)
        trial.check(found <= bound, f"a worker keeps at most {bound} descriptors ({found})")

    def _judge_partners(self, trial: Trial) -> None:
        assert self._process and self._process.stdin and self._process.stdout
        self._process.stdin.close()
        counts = json.loads(self._process.stdout.readline())
        asked, taken = counts["asked"], counts["sent"].get("endless", 0)
        self._process.wait(5)
        trial.note("asked: " + ", ".join(f"{name} {asked.get(name, 0)}" for name in self._ports))
        trial.check(all(asked.get(name) for name in self._ports), "each partner was asked")
        each = taken / max(1, asked.get("endless", 0))
        trial.check(each <= LARGEST_TAKEN, f"of 10 GB at most {LARGEST_TAKEN >> 20} MiB are taken ({each / (1 << 20):.1f})")
