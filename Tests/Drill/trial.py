"""One run of one scenario: the service starts, the load runs, the trouble comes and goes, the books are checked."""

from __future__ import annotations

import datetime
import signal
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

import processes
from crowd import Ask, Crowd, Replies
from heartbeat import Heartbeat
from load import Load, wait_until
from logbook import Event
from scenario import Scenario
from service import Service, ServiceFault
from spans import Spans
from stage import Impossible, Stage
from tally import Failure, Tally
from timeline import Timeline
from witness import Witness

#: Of each kind of log event so many lines of the timeline; storms would bury the rest.
SHOWN_EVENTS = 3
#: Of each kind of fault so many lines.
SHOWN_FAULTS = 8
#: Seconds by which the drill is late that are worth a line.
NOTABLE_DELAY = 0.5
#: The same of a crowd's process, whose waits are judged by milliseconds.
NOTABLE_LATENESS = 0.01
#: A process may hold some descriptors more than the busiest one at the start (`spare_descriptors` of the scenario), and a mailbox
#: more, of two descriptors, for each worker more that there ever was at a time: whoever takes its place later reads what is in it.
#: Those of the database are counted for themselves. Of these
#: SQLite keeps what closed connections had as long as others of the process are open, because to close one would drop the
#: locks of all, and opens none anew meanwhile: three for each thread that ever had one.
DATABASE_DESCRIPTORS = 3 * 19


class OutOfTime(Exception):
    """The scenario took longer than its limit."""


@dataclass(frozen=True)
class Outage:
    """A process that could not answer, from a moment of the monotonic clock to another."""

    pid: int
    began: float
    ended: float


@dataclass
class Outcome:
    """What a trial came to."""

    name: str
    title: str
    promise: str
    skipped: str | None = None
    tally: Tally = field(default_factory=Tally)
    excused: list[Failure] = field(default_factory=list)
    failed: list[Failure] = field(default_factory=list)
    losses: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    recovery: float | None = None
    seconds: float = 0.0

    @property
    def has_held(self) -> bool:
        return not (self.failed or self.losses or self.doubles or self.broken)

    @property
    def verdict(self) -> str:
        if self.skipped:
            return f"skipped: {self.skipped}"
        return "held" if self.has_held else "BROKEN"


class Trial:
    """What a scenario works with."""

    service: Service
    load: Load

    def __init__(self, scenario: Scenario, stage: Stage, timeline: Timeline, *, is_short: bool) -> None:
        self.scenario = scenario
        self.stage = stage
        self.timeline = timeline
        self.is_short = is_short
        self.outcome = Outcome(scenario.name, scenario.title, scenario.promise)
        self._heartbeat = Heartbeat()
        self._witness = Witness()
        self._outages: list[Outage] = []
        self._crowds: list[Crowd] = []
        self._seen: Counter[str] = Counter()

    # For scenarios

    def pick(self, full: float, short: float) -> float:
        """A duration or number for the full drill, and the one for its short form."""
        return short if self.is_short else full

    def count(self, full: int, short: int) -> int:
        """How often, in the full drill and in its short form."""
        return short if self.is_short else full

    def took(self, began: float, ended: float) -> float:
        """Seconds between two moments, but for those in which the machine kept a processor or the drill from running."""
        return ended - began - self._holes.within(began, ended)

    def fair(self, limit: float, since: float) -> float:
        """A time limit, and what the machine has kept a processor or the drill from running since a moment."""
        return limit + self._holes.within(since, time.monotonic())

    def did(self, text: str) -> None:
        self.timeline.did(text)

    def note(self, text: str) -> None:
        """Something worth a line in the report."""
        self.outcome.notes.append(text)
        self.timeline.saw(text)

    def check(self, holds: bool, text: str) -> bool:
        """Writes down whether what must hold does."""
        if holds:
            self.timeline.held(text)
        else:
            self.timeline.broke(f"NOT: {text}")
            self.outcome.broken.append(text)
        return holds

    def kill(self, *pids: int) -> float:
        """Kills workers; their connections go with them. The moment by the wall clock, as in the log."""
        began = time.monotonic()
        at = time.time()
        for pid in pids:
            self.service.signal(signal.SIGKILL, pid)
        # A zombie has closed its connections; until then a client can still send on them.
        self.load.wait_until(lambda: not any(processes.is_alive(pid) for pid in pids), 2)
        for pid in pids:
            self.add_outage(pid, began, time.monotonic())
        return at

    def add_outage(self, pid: int, began: float, ended: float) -> None:
        """Requests that this process held at that time may be lost with it."""
        self._outages.append(Outage(pid, began, ended))

    def fell_with_its_worker(self, failure: Failure) -> bool:
        """Whether a request was in flight while a worker was out that, as far as anyone knows, held its connection.

        The log tells who served the connection's former request. A connection that was never served may be anyone's.
        """
        if failure.was_answered:
            return False
        holder = self.service.worker_of(failure.former_id) if failure.former_id else None
        return any(
            holder in (None, outage.pid) and failure.sent_at <= outage.ended and failure.failed_at >= outage.began
            for outage in self._outages
        )

    def fell_with_some_worker(self, failure: Failure) -> bool:
        """The same where all threads of a worker may be busy: a connection then goes to a sibling, and the log of its former request
        does not tell whose it is."""
        return not failure.was_answered and any(
            failure.sent_at <= outage.ended and failure.failed_at >= outage.began for outage in self._outages
        )

    def recovered(self, seconds: float | None) -> None:
        """Writes down how long it took until the service was healthy; the longest time counts."""
        if self.check(seconds is not None, "the service is healthy again") and seconds is not None:
            self.outcome.recovery = max(seconds, self.outcome.recovery or 0.0)

    def crowd(self, clients: int, *asks: Ask, pause: float = 0.0, one_shot: bool = False) -> Crowd:
        """Clients in a process of their own, which send from now on; see `Crowd`."""
        seed = len(self._crowds)
        crowd = Crowd(self.service.port, clients, list(asks), pause=pause, one_shot=one_shot, seed=seed)
        self.service.neighbours.add(crowd.pid)
        self._crowds.append(crowd)
        return crowd

    def dismiss(self, *crowds: Crowd) -> Replies:
        """Lets crowds finish; what became of their requests, which are counted, and those that failed written down."""
        for crowd in crowds:
            crowd.stop_soon()
        replies = Replies.joined(crowd.stop(self._witness) for crowd in crowds)
        for reply in replies.all:
            self.outcome.tally.add_sent()
            if reply.status:
                self.outcome.tally.add_answer(reply.status, time.monotonic() - reply.seconds)
            else:
                ended = reply.sent_at + reply.seconds
                self.outcome.tally.add_failure(Failure(reply.target, reply.how, "", reply.sent_at, ended, None))
        if replies.late > NOTABLE_LATENESS:
            self.timeline.saw(f"the machine kept clients from running for {replies.late * 1000:.0f} ms at the longest")
        return replies

    def wait_for_successors(self, former: set[int], timeout: float = 20) -> bool:
        """Waits until none of these workers serves any more; whether that came true."""
        return wait_until(lambda: not former & set(self.service.workers), timeout)

    def wait_for_size(self, size: int, timeout: float = 20) -> bool:
        """Waits until there are so many workers; whether there are."""
        return wait_until(lambda: len(self.service.workers) == size, timeout)

    def pause(self, seconds: float) -> None:
        """Lets the load run."""
        time.sleep(seconds)

    def replacements(self, kills: dict[int, float], since: int) -> list[float]:
        """For each killed worker, the milliseconds until the next worker became ready, by the clock of the log."""
        readies = [_moment(event) for event in self.service.log.named("worker ready", since)]
        after = ([ready - at for ready in readies if ready >= at] for at in kills.values())
        return [min(times) * 1000 for times in after if times]

    # The course of events

    def run(self) -> Outcome:
        """Plays the scenario. Whatever happens, no process and no mount is left."""
        began = time.monotonic()
        self.timeline.heading(f"{self.scenario.name}: {self.scenario.promise}")
        try:
            with _time_limit(self.scenario.limit):
                self.stage = self.scenario.prepare(self.stage)
                self._play()
        except Impossible as reason:
            self.outcome.skipped = str(reason)
            self.timeline.saw(f"skipped: {reason}")
        except (ServiceFault, OutOfTime) as fault:
            self.check(False, f"the scenario ends ({fault})")
        finally:
            if hasattr(self, "load"):
                self.load.stop_soon()
            # Before the service goes, and with it every process that the drill has.
            self._tell_holes()
            if hasattr(self, "service"):
                self.service.destroy()
            self.scenario.clean_up()
            self.outcome.seconds = time.monotonic() - began
        return self.outcome

    def _play(self) -> None:
        self.service = Service(self.stage, self.scenario.workers, self.scenario.settings, self._show)
        self.service.neighbours.add(self._witness.pid)
        code = self.service.start()
        if code is not None or self.service.wait_until_healthy() is None:
            raise ServiceFault(f"the service did not start, exit code {code}")
        if self.scenario.on_fixture:
            self._play_on_fixture()
        else:
            self._play_on_hotel()
        self._judge()

    def _tell_holes(self) -> None:
        """Writes down what was excused."""
        holes = self._witness.stop()
        if holes.all:
            times, longest, total = len(holes.all), holes.longest * 1000, holes.total * 1000
            self.note(
                f"the machine took a processor away {times} times, {longest:.0f} ms at the longest, {total:.0f} ms in all"
            )
        self._heartbeat.stop()
        delay = Spans(self._heartbeat.holes).total
        if delay > NOTABLE_DELAY:
            self.timeline.saw(f"the machine kept the drill from running for {delay:.1f} s in all")

    @property
    def _holes(self) -> Spans:
        return Spans([*self._witness.holes, *self._heartbeat.holes])

    def _play_on_fixture(self) -> None:
        most = self._most_descriptors()
        self.scenario.run(self)
        if self.outcome.recovery is None:
            self.recovered(self.service.wait_until_healthy())
        self._look_for_leaks(most)
        self._stop()

    def _play_on_hotel(self) -> None:
        losses, doubles = len(self.stage.ledger.losses), len(self.stage.ledger.doubles)
        entrance = self.scenario.entrance(self.service)
        self.load = Load(
            entrance, self.stage.ledger, self.scenario.readers, self.scenario.writers, self.scenario.pause
        )
        self.outcome.tally = self.load.tally
        most = self._most_descriptors()
        self.load.start()
        if not self.load.wait_for_answers(50, 20):
            raise ServiceFault("the service hardly answers, before anything was broken")
        try:
            self.scenario.run(self)
            if self.outcome.recovery is None:
                self.recovered(self.service.wait_until_healthy())
            self.load.wait_for_answers(60, 10)
        finally:
            self.load.stop()
        self.check(self.load.settle(20) == 0, "every booking that was left open has an answer now")
        self._look_for_leaks(most)
        audited = self.load.audit()
        self.timeline.held(f"{audited} acknowledged bookings read again")
        self._stop()
        self.timeline.held(f"database: {self.stage.ledger.audit(f'{self.stage.database}')}")
        self.outcome.losses = list(self.stage.ledger.losses.values())[losses:]
        self.outcome.doubles = self.stage.ledger.doubles[doubles:]

    def descriptors(self, pid: int) -> int:
        """How many descriptors a process has open, but for those of the database."""
        return len(_without_database(pid))

    def _most_descriptors(self) -> int:
        return max(len(_without_database(pid)) for pid in [self.service.pid, *self.service.workers])

    def _look_for_leaks(self, most: int) -> None:
        """With no client connected, the service must be as slim as at its start."""
        if self.service.wait_until_healthy() is None:
            self.check(False, f"{self.service.worker_count} workers and nothing else")
            return
        numbers = [int(str(event.get("number", 0))) for event in self.service.log.named("worker started")]
        grown = max(0, max(numbers, default=0) - self.service.worker_count)
        limit = most + self.scenario.spare_descriptors + 2 * grown
        pids = [self.service.pid, *self.service.workers]
        wait_until(lambda: all(len(_without_database(pid)) <= limit for pid in pids), 3)
        for pid in pids:
            found = _without_database(pid)
            if len(found) > limit:
                places = ", ".join(sorted(found))
                self.check(False, f"process {pid} keeps at most {limit} descriptors; it has {len(found)}: {places}")
            of_database = len(processes.descriptors(pid)) - len(found)
            if of_database > DATABASE_DESCRIPTORS:
                self.check(False, f"process {pid} has {of_database} descriptors of the database")

    def _stop(self) -> None:
        code, seconds = self.service.stop()
        self.check(code == 0, f"it stops gracefully (exit code {code} after {seconds:.2f} s)")
        left = self.service.wait_for_no_process(2)
        if left:
            self.check(False, f"no process is left; there are {left}")
        for fault in self.service.log_faults[:SHOWN_FAULTS]:
            self.check(False, f"every log line is one JSON event: {fault}")

    def _judge(self) -> None:
        for failure in self.outcome.tally.failures:
            legitimate = self.scenario.excuses(self, failure)
            (self.outcome.excused if legitimate else self.outcome.failed).append(failure)
        for kind, faults in (
            ("failed", [str(failure) for failure in self.outcome.failed]),
            ("LOST", self.outcome.losses),
            ("DOUBLED", self.outcome.doubles),
        ):
            for fault in faults[:SHOWN_FAULTS]:
                self.timeline.broke(f"{kind}: {fault}")
            if len(faults) > SHOWN_FAULTS:
                self.timeline.broke(f"{kind}: … {len(faults) - SHOWN_FAULTS} more")
        hidden = {message: count - SHOWN_EVENTS for message, count in self._seen.items() if count > SHOWN_EVENTS}
        if hidden:
            self.timeline.saw("not shown: " + ", ".join(f"{count} × {message}" for message, count in hidden.items()))

    def _show(self, event: Event) -> None:
        message = event["message"]
        self._seen[message] += 1
        if self._seen[message] > SHOWN_EVENTS:
            return
        hidden = ("time", "level", "message", "backtrace")
        details = ", ".join(f"{name} {value}" for name, value in event.items() if name not in hidden)
        self.timeline.saw(f"log: {message}" + (f" ({details[:200]})" if details else ""))


def _moment(event: Event) -> float:
    """Seconds since 1970 of an event."""
    return datetime.datetime.fromisoformat(event["time"].replace("Z", "+00:00")).timestamp()


def median(values: list[float]) -> float:
    return statistics.median(values) if values else 0.0


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def expire(number: int, frame: FrameType | None) -> None:
        raise OutOfTime(f"it took longer than {seconds:.0f} s")

    former: Callable[[int, FrameType | None], object] | int | None = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def _without_database(pid: int) -> list[str]:
    """The places that a process has open, but for the database's files and what each thread has in /proc."""
    own = (".sqlite", "/schedstat")
    return [place for place in processes.descriptors(pid).values() if not any(part in place for part in own)]
