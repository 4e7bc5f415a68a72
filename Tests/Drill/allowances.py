"""Answers that are right while something is broken on purpose."""

from __future__ import annotations

from moves import Move
from wire import Answer


def write_refused_with_503(move: Move, answer: Answer) -> bool:
    """The store cannot be written now: the client learns that nothing was changed and when to come again."""
    return move.is_write and is_honest_503(answer)


def short_of_descriptors(move: Move, answer: Answer) -> bool:
    """The worker has no descriptor for the connection, or for the database of a thread that was never needed before."""
    return answer.status == 503 and _is_problem(answer)


def is_honest_503(answer: Answer) -> bool:
    """A problem document that says when to come again."""
    return answer.status == 503 and answer.fields.get("retry-after", "").isdigit() and _is_problem(answer)


def _is_problem(answer: Answer) -> bool:
    return answer.fields.get("content-type", "") == "application/problem+json"
