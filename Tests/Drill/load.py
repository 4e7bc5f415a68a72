"""A bounded load: some clients that keep their connection, some that connect for each request; readers and writers."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

import moves
from ledger import Ledger
from moves import Move
from tally import Failure, Tally
from wire import Answer, ClosedBefore, Connection, NotSent, Unanswered

#: An answer that is not the usual one and yet right while something is broken on purpose.
Allowance = Callable[[Move, Answer], bool]

#: A client pauses so long, on average, between two requests. Far below the 300 ms for which a draining worker keeps an
#: idle connection: so a request never crosses the close of its connection by chance.
PAUSE = 0.018
READERS = 4
WRITERS = 4

#: How long a client waits for an answer before it calls it none. Longer than any deadline of the service here.
PATIENCE = 20.0


class Load:
    """The clients of one scenario."""

    def __init__(
        self,
        port: int,
        ledger: Ledger,
        readers: int = READERS,
        writers: int = WRITERS,
        pause: float = PAUSE,
    ) -> None:
        self.tally = Tally()
        self._readers, self._writers, self._pause = readers, writers, pause
        self._port = port
        self._ledger = ledger
        self._former = len(ledger.acknowledged)
        self._stopping = threading.Event()
        self._allowance: Allowance | None = None
        self._allowance_ended = 0.0
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for number in range(self._readers + self._writers):
            is_writer, one_shot = number >= self._readers, number % 2 == 1
            client = threading.Thread(
                target=self._run, args=(number, is_writer, one_shot), name=f"client {number}", daemon=True
            )
            self._threads.append(client)
            client.start()

    def stop_soon(self) -> None:
        """Tells the clients to stop, without waiting: what they talk to may be gone."""
        self._stopping.set()

    def stop(self) -> None:
        """Lets each client finish what it is at, and waits for it."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PATIENCE + 5)

    def allow(self, allowance: Allowance) -> None:
        """From now on such answers are right, until `disallow`."""
        self._allowance_ended = 0.0
        self._allowance = allowance

    def disallow(self) -> None:
        """Requests sent from now on must be answered as usual."""
        self._allowance_ended = time.monotonic()

    def wait_for_answers(self, count: int, timeout: float) -> bool:
        """Waits until so many more requests were answered."""
        goal = self.tally.answered + count
        return self.wait_until(lambda: self.tally.answered >= goal, timeout)

    def wait_for_acknowledgements(self, count: int, timeout: float) -> bool:
        """Waits until so many more writes were acknowledged."""
        goal = self.tally.acknowledged + count
        return self.wait_until(lambda: self.tally.acknowledged >= goal, timeout)

    def wait_until(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Waits until something is so, at most so long; whether it is."""
        return wait_until(condition, timeout)

    def settle(self, timeout: float) -> int:
        """Asks again for every wish that was left open, until none is; how many still are."""
        end = time.monotonic() + timeout
        while (wishes := self._ledger.open_wishes()) and time.monotonic() < end:
            for wish in wishes:
                self.perform(moves.book(self._ledger, wish, self.tally, one_shot=True), None)
        for wish in wishes:
            self._ledger.leave_open(wish)
        return len(wishes)

    def audit(self) -> int:
        """Reads every booking again that was acknowledged to this load; how many that were."""
        wishes = self._ledger.acknowledged[self._former :]
        connection: Connection | None = None
        for wish in wishes:
            connection = self.perform(moves.show(self._ledger, wish, one_shot=False), connection)
        if connection:
            connection.close()
        return len(wishes)

    def perform(self, move: Move, connection: Connection | None) -> Connection | None:
        """Makes a move and counts what came of it; gives the connection to go on with, if any."""
        former_id = connection.last_id if connection else None
        try:
            if connection is None:
                connection = Connection(self._port, PATIENCE)
        except NotSent:
            self.tally.add_refused()
            move.remains_open()
            return None
        sent_at = time.monotonic()
        try:
            connection.send(move.request)
            self.tally.add_sent()
            answer = connection.receive(move.request.method == "HEAD")
        except ClosedBefore:
            self.tally.add_closed()
            connection.close()
            return self.perform(move, None)
        except Unanswered as failure:
            if failure.how.startswith("reset before"):
                self.tally.add_sent()
            connection.close()
            move.remains_open()
            self._fail(move, failure.how, sent_at, former_id)
            return None
        self.tally.add_answer(answer.status, sent_at)
        connection.last_id = move.request.id
        fault = move.fault_in(answer) or _missing(answer)
        if fault:
            if answer.status >= 400:
                move.remains_open()
            if not self._is_allowed(move, answer, sent_at):
                self._fail(move, fault, sent_at, former_id, was_answered=True)
        if answer.closes or move.request.one_shot:
            connection.close()
            return None
        return connection

    def _is_allowed(self, move: Move, answer: Answer, sent_at: float) -> bool:
        is_in_force = not self._allowance_ended or sent_at < self._allowance_ended
        return self._allowance is not None and is_in_force and self._allowance(move, answer)

    def _fail(self, move: Move, how: str, sent_at: float, former_id: str | None, *, was_answered: bool = False) -> None:
        self.tally.add_failure(
            Failure(move.what, how, move.request.id, sent_at, time.monotonic(), former_id, was_answered)
        )

    def _run(self, number: int, is_writer: bool, one_shot: bool) -> None:
        chance = random.Random(number)
        connection: Connection | None = None
        while not self._stopping.wait(chance.uniform(0.5, 1.5) * self._pause):
            refused = self.tally.refused
            connection = self.perform(self._next_move(chance, is_writer, one_shot), connection)
            if self.tally.refused > refused:
                self._stopping.wait(0.02)
        if connection:
            connection.close()

    def _next_move(self, chance: random.Random, is_writer: bool, one_shot: bool) -> Move:
        if not is_writer:
            return moves.read(self._ledger, chance, one_shot=one_shot)
        wish = self._ledger.wish_to_cancel() if chance.random() < 0.15 else None
        if wish:
            return moves.cancel(wish, self.tally, one_shot=one_shot)
        return moves.book(self._ledger, self._ledger.next_wish(), self.tally, one_shot=one_shot)


def wait_until(condition: Callable[[], bool], timeout: float) -> bool:
    """Waits until something is so, at most so long; whether it is."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.005)
    return True


def _missing(answer: Answer) -> str | None:
    """Every answer to a request carries its id and a date."""
    missing = [name for name in ("x-request-id", "date") if name not in answer.fields]
    return f"{answer.status} without {' and '.join(missing)}" if missing else None
