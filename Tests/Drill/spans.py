"""Stretches of time, and how to count none of it twice."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

#: From a moment of the monotonic clock to another.
Span = tuple[float, float]


class Spans:
    """Spans from several sources, merged: what two of them cover counts once.

    >>> spans = Spans([(5, 6), (1, 3), (2, 4), (2, 3), (6, 7)])
    >>> spans.all
    [(1, 4), (5, 7)]
    >>> spans.within(0, 10), spans.within(2, 6), spans.within(3.5, 3.75), spans.within(4, 5), spans.within(8, 9)
    (5.0, 3.0, 0.25, 0.0, 0.0)
    >>> spans.longest, spans.total, Spans([]).longest, Spans([]).within(0, 1)
    (3, 5, 0.0, 0.0)
    """

    def __init__(self, spans: Iterable[Span]) -> None:
        self.all: list[Span] = []
        for begin, end in sorted(spans):
            if self.all and begin <= self.all[-1][1]:
                self.all[-1] = (self.all[-1][0], max(self.all[-1][1], end))
            else:
                self.all.append((begin, end))
        self._ends = [end for _, end in self.all]

    def within(self, begin: float, end: float) -> float:
        """Seconds between two moments that they cover; never more than there are."""
        covered = 0.0
        for number in range(bisect_right(self._ends, begin), len(self.all)):
            since, until = self.all[number]
            if since >= end:
                break
            covered += min(until, end) - max(since, begin)
        return covered

    @property
    def longest(self) -> float:
        """Seconds of the longest one."""
        return max((end - begin for begin, end in self.all), default=0.0)

    @property
    def total(self) -> float:
        """Seconds of all."""
        return sum(end - begin for begin, end in self.all)


def causes(spans: Iterable[Span]) -> int:
    """How many moments it takes at least to have one in each span: what lasts goes on being counted.

    >>> causes([]), causes([(0, 5), (1, 6), (2, 7)]), causes([(0, 2), (1, 4), (3, 6), (5, 8)])
    (0, 1, 2)
    """
    count, moment = 0, float("-inf")
    for begin, end in sorted(spans, key=lambda span: span[1]):
        if begin > moment:
            count, moment = count + 1, end
    return count
