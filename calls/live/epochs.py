"""Which owner of a call numbered which events: how far what a reader was told still holds after a take-over. Pure.

An owner tells its own sockets before it has saved. When it dies in between, its successor gives the same numbers to
other events. So a cursor is a number *and* the epoch of the owner that gave it, and each owner but the first begins
with an event that names its epoch: the first such number beyond a reader's epoch is where its knowledge ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from calls.events import Kind

MARKS = (Kind.STATE, Kind.CALL_ENDED)
"""Kinds whose payload names the epoch."""


@dataclass(frozen=True, slots=True)
class Start:
    """The first event that the owner of `epoch` saved."""

    epoch: int
    seq: int


def true_through(starts: Iterable[Start], epoch: int, last_seq: int) -> int:
    """The last event that a reader who follows the owner of `epoch` may have been told truly.

    `last_seq` holds while no later owner has saved anything.
    """
    return min((start.seq - 1 for start in starts if start.epoch > epoch), default=last_seq)


@dataclass(frozen=True, slots=True)
class Turn:
    """From here on the numbers are those of `epoch`. `rewind_to`: events told beyond it never came to be."""

    epoch: int
    rewind_to: int | None = None
