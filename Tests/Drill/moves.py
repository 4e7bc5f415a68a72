"""What the clients of the drill ask for, and which answers are right."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Callable
from dataclasses import dataclass

from ledger import ROOMS, Ledger, Wish
from tally import Tally
from wire import Answer, Request

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Move:
    """One request and what to make of what comes of it."""

    what: str
    request: Request
    #: What is wrong with an answer; None when it is right.
    fault_in: Callable[[Answer], str | None]
    #: The answer did not come, or was a refusal: nobody knows what happened.
    remains_open: Callable[[], None] = lambda: None

    @property
    def is_write(self) -> bool:
        return self.request.method not in ("GET", "HEAD")


def request_id() -> str:
    """A name for a request, unique in this run."""
    return f"drill-{next(_numbers)}"


def read(ledger: Ledger, chance: random.Random, *, one_shot: bool) -> Move:
    """One of the reads; most often of a booking that was just acknowledged, which every process must know."""
    wish = ledger.any_acknowledged() if chance.random() < 0.5 else None
    if wish:
        return show(ledger, wish, one_shot=one_shot)
    room = chance.choice(ROOMS)
    method, target = chance.choice(
        [
            ("GET", f"/v1/rooms/{room}"),
            ("GET", f"/v1/rooms/{room}"),
            ("HEAD", f"/v1/rooms/{room}"),
            ("GET", "/v1/rooms"),
            ("GET", "/v1/bookings?limit=5"),
            ("GET", "/v1/availability?from=2029-03-01&to=2029-03-03&guests=2"),
            ("GET", "/livez"),
        ]
    )
    request = Request(method, target, request_id(), one_shot=one_shot)
    return Move(f"{method} {target}", request, _unless_status(200))


def show(ledger: Ledger, wish: Wish, *, one_shot: bool) -> Move:
    """Reads an acknowledged booking: not to find it is a loss."""
    was_cancelled = wish.cancel_acknowledged
    target = f"/v1/bookings/{wish.booking_id}"

    def fault_in(answer: Answer) -> str | None:
        if answer.status == 404:
            ledger.lose(wish.booking_id, "was acknowledged, and GET does not find it")
        if answer.status != 200:
            return f"{answer.status} instead of 200"
        fault = wish.fault_in(_json(answer), was_cancelled=was_cancelled)
        if fault:
            ledger.lose(wish.booking_id, fault)
        return fault

    return Move(f"GET {target}", Request("GET", target, request_id(), one_shot=one_shot), fault_in)


def book(ledger: Ledger, wish: Wish, tally: Tally, *, one_shot: bool) -> Move:
    """Books a wish, perhaps for the second time."""
    fields = (("Idempotency-Key", wish.key),)
    request = Request("POST", "/v1/bookings", request_id(), fields, wish.body, one_shot)

    def fault_in(answer: Answer) -> str | None:
        if answer.status == 409 and wish.is_contested:
            return None
        if answer.status != 201:
            return f"{answer.status} instead of 201"
        if wish.booking_id is None:
            tally.add_acknowledged()
        return ledger.acknowledge(wish, _json(answer))

    return Move(f"POST /v1/bookings ({wish.key})", request, fault_in, lambda: ledger.leave_open(wish))


def cancel(wish: Wish, tally: Tally, *, one_shot: bool) -> Move:
    """Cancels a booking; whatever its version, so that it can be repeated."""
    target = f"/v1/bookings/{wish.booking_id}"
    request = Request("DELETE", target, request_id(), (("If-Match", "*"),), one_shot=one_shot)

    def fault_in(answer: Answer) -> str | None:
        if answer.status != 200:
            return f"{answer.status} instead of 200"
        if _json(answer).get("status") != "cancelled":
            return "acknowledged, but not cancelled"
        wish.cancel_acknowledged = True
        tally.add_acknowledged()
        return None

    return Move(f"DELETE {target}", request, fault_in)


def _unless_status(status: int) -> Callable[[Answer], str | None]:
    return lambda answer: None if answer.status == status else f"{answer.status} instead of {status}"


def _json(answer: Answer) -> dict[str, object]:
    try:
        value = json.loads(answer.body)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}
