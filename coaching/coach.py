"""The coach of one call: hears lines, publishes signals, moments and cards. A thin shell around pure parts."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from coaching.llm.base import CardModel
from coaching.sink import CoachSink
from coaching.types import Card, CardAction, Channel, Line, Material, Moment


class Coach:
    """One per live call, used from one event loop only. Everything but `warm_up` and `aclose` is synchronous.

    `clock` gives seconds and only ever grows. `is_mono` says that one channel carries both people: the
    speaker of a line is then unknown.
    """

    def __init__(
        self,
        *,
        call_id: str,
        material: Material,
        model: CardModel | None,
        sink: CoachSink,
        clock: Callable[[], float] = time.monotonic,
        is_mono: bool = False,
    ) -> None:
        self.call_id = call_id
        self._material = material
        self._model = model
        self._sink = sink
        self._clock = clock
        self._is_mono = is_mono

    def hear(self, line: Line) -> None:
        """Take an interim or a final of either channel. Typically below 1 ms. Recovered lines make no card."""

    def note_speaking(self, channel: Channel, is_speaking: bool, now_ms: int) -> None:
        """Whether a channel speaks now, from its energy; call it on every change. Cards wait while the rep speaks."""

    def act(self, card_id: str, action: CardAction) -> None:
        """What the rep did with a card. Unknown cards are ignored."""

    def restore(self, lines: Sequence[Line], moments: Sequence[Moment], cards: Sequence[Card]) -> None:
        """Take over a call that another process coached: its log so far, in order. Publishes nothing."""

    def hang_up(self) -> None:
        """The call is over: objections nobody answered become `open`. Call before `aclose`, not when moving."""

    async def warm_up(self) -> None:
        """Open the model's connection and warm its prompt cache. Never raises; may be cancelled."""

    async def aclose(self) -> None:
        """Cancel everything this coach started. May be called twice."""
