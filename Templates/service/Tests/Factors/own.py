"""What these proofs have to know of this very service: the rest is the same for all."""

from __future__ import annotations

from typing import Any

#: Admin tasks that prepare its database, in order.
PREPARATION = ("migrate",)


def record(number: int) -> tuple[str, dict[str, Any]]:
    """A request that has the service keep something: a POST's path and body, another for each number below 1,000.

    It is answered 201, with a `Location` where GET finds it again.
    """
    return "/v1/items", {
        "name": f"Tea {number}",
        "priceCents": 450,
        "stock": 12,
        "supplier": "tea@example.org",
        "availableFrom": None,
    }
