"""What these proofs have to know of this very service: the rest is the same for all."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

#: Admin tasks that prepare its database, in order.
PREPARATION = ("migrate", "seed")


def record(number: int) -> tuple[str, dict[str, Any]]:
    """A request that has the service keep something: a POST's path and body, another for each number below 1,000.

    It is answered 201, with a `Location` where GET finds it again.
    """
    room = ("101", "102", "201", "202", "203")[number % 5]
    night = date(2040, 1, 1) + timedelta(days=number // 5)
    return "/v1/bookings", {
        "roomId": room,
        "from": night.isoformat(),
        "to": (night + timedelta(days=1)).isoformat(),
        "guests": 1,
        "guest": {"name": "Grace Hopper", "email": "grace@example.org"},
    }
