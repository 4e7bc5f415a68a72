"""A factor, and what became of its proof."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stage import Stage


class Verdict(enum.Enum):
    """What a proof came to."""

    HOLDS = "holds"
    FAILS = "fails"
    NOT_PROVEN = "not proven"


class Broken(Exception):
    """The service does not do what the factor asks for."""

    def __init__(self, what: str, todo: str) -> None:
        super().__init__(what)
        #: What to do about it.
        self.todo = todo


class NotProven(Exception):
    """What the proof needs is not there; the text says what.

    `is_missing_tool` says that bin/setup --tests would bring it: in CI that is a failure.
    """

    def __init__(self, why: str, *, is_missing_tool: bool = False) -> None:
        super().__init__(why)
        self.is_missing_tool = is_missing_tool


@dataclass(frozen=True)
class Factor:
    """One of the fifteen: Adam Wiggins' twelve (12factor.net), and Kevin Hoffman's three more."""

    name: str
    title: str
    #: Proves it; says what was run by `Stage.did`.
    prove: Callable[[Stage], None]


@dataclass
class Outcome:
    """What became of a factor's proof."""

    factor: Factor
    verdict: Verdict = Verdict.HOLDS
    #: What was run and seen, step by step.
    steps: list[str] = field(default_factory=list)
    #: Why it fails or is not proven.
    reason: str = ""
    #: What to do about it.
    todo: str = ""
    seconds: float = 0.0
    is_missing_tool: bool = False


def require(condition: object, what: str, todo: str) -> None:
    """Raises `Broken` unless it is so."""
    if not condition:
        raise Broken(what, todo)
