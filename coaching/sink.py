"""Where a coach puts what it found. The live session implements it; every method returns at once."""

from __future__ import annotations

from typing import Literal, Protocol

from coaching.types import Card, Moment, Signal, Usage

CoachingRung = Literal["full", "tips"]


class CoachSink(Protocol):
    """Called on the event loop of the call, never from a thread; must not block and must not raise.

    `card_text` is ephemeral: the growing sentence of a model card before its `card` arrives. An empty
    `say` withdraws it: that card will not come, and whatever stood there before stays.
    """

    def signal(self, signal: Signal) -> None: ...

    def moment(self, moment: Moment) -> None: ...

    def card(self, card: Card) -> None: ...

    def card_text(self, card_id: str, say: str) -> None: ...

    def usage(self, usage: Usage) -> None: ...

    def coaching_state(self, rung: CoachingRung, words: str) -> None: ...
