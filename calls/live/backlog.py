"""What was jumped over and is still to come: live audio goes first, older audio beside it. Pure.

`Spans` are half-open stretches of samples in order; `Backlog` is what a call waits for.
"""

from __future__ import annotations

import itertools

from calls.live.audio import Frame, Piece, ms, samples
from calls.speech.base import BYTES_PER_SAMPLE

PART_MS = 30_000
"""A hole is told, waited for and transcribed in parts of this length."""


class Spans:
    """Stretches `[start, end)` that neither touch nor overlap. Few at a time: one for each interruption."""

    def __init__(self) -> None:
        self._spans: list[tuple[int, int]] = []

    @property
    def first(self) -> int | None:
        """The lowest sample in any of them."""
        return self._spans[0][0] if self._spans else None

    @property
    def last(self) -> int:
        """The end of the highest of them; 0 when there is none."""
        return self._spans[-1][1] if self._spans else 0

    def copy(self) -> Spans:
        twin = Spans()
        twin._spans = list(self._spans)
        return twin

    def add(self, start: int, end: int) -> None:
        apart = [span for span in self._spans if span[1] < start or span[0] > end]
        joined = [span for span in self._spans if span[1] >= start and span[0] <= end]
        low = min([start, *(span[0] for span in joined)])
        self._spans = sorted([*apart, (low, max([end, *(span[1] for span in joined)]))])

    def through(self, sample: int) -> int:
        """How far they go on from `sample` without a hole; `sample` when they do not."""
        return max([sample, *(high for low, high in self._spans if low <= sample)])

    def within(self, start: int, end: int) -> list[tuple[int, int]]:
        """Their common part with `[start, end)`."""
        return [(max(low, start), min(high, end)) for low, high in self._spans if low < end and high > start]

    def remove(self, start: int, end: int) -> None:
        left = []
        for low, high in self._spans:
            left += [(low, min(high, start)), (max(low, end), high)] if low < end and high > start else [(low, high)]
        self._spans = [(low, high) for low, high in left if low < high]


class Backlog:
    """The holes of one call that its client has promised to fill."""

    def __init__(self, channels: int) -> None:
        self._stride = BYTES_PER_SAMPLE * channels
        self._missing = Spans()
        self._parts: list[tuple[int, int]] = []

    @property
    def oldest(self) -> int | None:
        """The first sample that is missing."""
        return self._missing.first

    def open(self, start: int, end: int) -> list[tuple[int, int]]:
        """A hole; returns its parts in ms, which `complete` names again once they are there."""
        self._missing.add(start, end)
        cuts = [*range(ms(start), ms(end), PART_MS), ms(end)]
        parts = list(itertools.pairwise(cuts))
        self._parts += parts
        return parts

    def take(self, frame: Frame) -> list[Piece]:
        """What of `frame` was missing until now."""
        if self._missing.first is None:
            return []
        end = frame.first_sample + len(frame.pcm) // self._stride
        pieces = []
        for low, high in self._missing.within(frame.first_sample, end):
            first, last = ((at - frame.first_sample) * self._stride for at in (low, high))
            pieces.append(Piece(low, frame.pcm[first:last], high - low))
        self._missing.remove(frame.first_sample, end)
        return pieces

    def complete(self) -> list[tuple[int, int]]:
        """The parts that have come whole since the last time."""
        there = [part for part in self._parts if not self._missing.within(samples(part[0]), samples(part[1]))]
        self._parts = [part for part in self._parts if part not in there]
        return there
