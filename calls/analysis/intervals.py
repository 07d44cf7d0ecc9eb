"""Arithmetic on `(start_ms, end_ms)` intervals. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

Interval = tuple[int, int]


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Sorted, disjoint; touching intervals become one, empty ones vanish."""
    joined: list[Interval] = []
    for start, end in sorted(interval for interval in intervals if interval[1] > interval[0]):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def intersection(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """Of two unions: the pieces in both."""
    pieces: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        start, end = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if end > start:
            pieces.append((start, end))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return pieces


def gaps(intervals: Sequence[Interval]) -> list[Interval]:
    """The pieces between the members of a union."""
    return [(before[1], after[0]) for before, after in itertools.pairwise(intervals)]


def total_ms(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in intervals)
