"""Carries what the coach says into the log and onto screens. Implements `coaching.sink.CoachSink`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from calls import events
from calls.events import Kind, Payload
from calls.live.ladder import Part, Rung
from coaching.sink import CoachingRung
from coaching.types import Card, Moment, Signal, Usage

JOIN_S = 0.04
MAX_KEPT_CARDS = 200

Append = Callable[[Kind, Payload], None]
Fleeting = Callable[[dict[str, Any]], None]


class CoachDesk:
    """The growing text of a model card is joined for 40 ms, but its first words are never held.

    `lanes` remembers the newest cards' lanes, for the latency by lane.
    """

    def __init__(self, *, append: Append, fleeting: Fleeting, put_rung: Callable[[Part, Rung, str], None]) -> None:
        self.lanes: dict[str, str] = {}
        self._append = append
        self._fleeting = fleeting
        self._put_rung = put_rung
        self._growing: dict[str, str | None] = {}
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def signal(self, signal: Signal) -> None:
        self._append(Kind.SIGNAL, events.signal(signal))

    def moment(self, moment: Moment) -> None:
        self._append(Kind.MOMENT, events.moment(moment))

    def card(self, card: Card) -> None:
        self._stop_growing(card.id)
        self.lanes[card.id] = card.lane.value
        if len(self.lanes) > MAX_KEPT_CARDS:
            del self.lanes[next(iter(self.lanes))]
        self._append(Kind.CARD, events.card(card))

    def card_text(self, card_id: str, say: str) -> None:
        if card_id in self._timers and say:
            self._growing[card_id] = say
            return
        self._stop_growing(card_id)
        self._fleeting(events.card_text(card_id, say))
        if say:
            self._growing[card_id] = None
            self._timers[card_id] = asyncio.get_running_loop().call_later(JOIN_S, self._flush, card_id)

    def usage(self, usage: Usage) -> None:
        self._append(Kind.USAGE, events.usage(usage))

    def coaching_state(self, rung: CoachingRung, words: str) -> None:
        self._put_rung(Part.COACH, Rung(rung), words)

    def close(self) -> None:
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _flush(self, card_id: str) -> None:
        self._timers.pop(card_id, None)
        say = self._growing.pop(card_id, None)
        if say is not None:
            self.card_text(card_id, say)

    def _stop_growing(self, card_id: str) -> None:
        if timer := self._timers.pop(card_id, None):
            timer.cancel()
        self._growing.pop(card_id, None)
