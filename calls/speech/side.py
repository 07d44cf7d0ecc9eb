"""One of the two engines of a call: its present stream, and whether it is believed. Pure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from calls.speech.base import Gap, Progress, SpeechError, SpeechProvider, SpeechStream
from calls.speech.relay import Leg
from coaching.types import Line

ANSWERS_WITHIN_S = 3.25
"""From the doubt, while another engine answers. Where none does, the verdict of who doubted comes a moment sooner, and
leaves the other engine its time."""
PROVES_WITHIN_S = 10.0
"""A service that takes connections and says nothing: other connections of it may be better."""


@dataclass(slots=True)
class Side:
    """One engine, with its stream if it has one.

    The first time it is believed as soon as it says that it hears. After a failure it has to prove that: by a
    line or by progress, since a service that takes connections and says nothing says so as well.
    """

    provider: SpeechProvider
    leg: Leg
    stream: SpeechStream | None = None
    is_fed: bool = False
    """Whether live audio goes to it: after it was given what was kept, so that all comes in order."""
    reader: asyncio.Task[None] | None = None
    opening: asyncio.Task[None] | None = None
    down_since: float | None = None
    not_before: float = 0.0
    reason: str = ""
    has_failed: bool = False
    """Since it last said anything."""
    prove_by: float | None = None
    """When its stream is given up unless it has said something until then; None while it may be quiet."""
    is_suspected: bool = False
    is_full: bool = False
    """Whether it waits for a slot: nothing is wrong with it, but somebody else is to hear at once."""
    lost: SpeechError | None = field(default=None)
    """Why it was refused for good; None again once it has said something."""
    refusals: int = 0
    """For good, in a row."""

    def is_away(self, now: float, grace_s: float) -> bool:
        """Whether somebody else is to hear: refused for good, without a slot, or down for `grace_s`."""
        if self.down_since is None:
            return False
        return self.lost is not None or self.is_full or now - self.down_since >= grace_s

    def went_down(self, reason: str, now: float, *, is_full: bool = False) -> None:
        self.leg.went_down()
        self.is_full = is_full
        self.reason = reason
        self.has_failed = True
        self.prove_by, self.is_suspected = None, False
        if self.down_since is None:
            self.down_since = now

    def suspect(self, reason: str, now: float, *, grace_s: float) -> None:
        """It does not answer: somebody else is to hear at once, and it keeps its stream for a while yet."""
        self.went_down(reason, now - grace_s)
        self.prove_by, self.is_suspected = now + ANSWERS_WITHIN_S, True

    def connected(self, now: float) -> None:
        """It says that it hears."""
        if not self.has_failed:
            self._believe()
        else:
            self.prove_by = now + PROVES_WITHIN_S

    def is_overdue(self, now: float) -> bool:
        return self.stream is not None and self.prove_by is not None and now >= self.prove_by

    def has_proved(self, event: Line | Progress | Gap) -> bool:
        """True for the first event after a failure that shows that it hears: neither a gap nor a withdrawal does."""
        if not self.has_failed or isinstance(event, Gap) or (isinstance(event, Line) and not event.text):
            return False
        self._believe()
        return True

    def _believe(self) -> None:
        self.leg.is_up = True
        self.has_failed = self.is_full = self.is_suspected = False
        self.prove_by = None
        self.down_since = None
        self.lost = None
        self.refusals = 0
