"""The desk between the lanes and the screen: pushes a card, keeps it back for a moment, or drops it.

Used on the loop only. It owns one timer, for the one card that waits; `aclose` cancels it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from coaching import metrics
from coaching.attention import HOLD_MS, Attention, Offer, Verdict
from coaching.clocks import CallClock
from coaching.sink import CoachSink
from coaching.types import Card, CardAction

TICK_S = 0.1
SIGNALS_REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class _Held:
    card: Card
    offer: Offer
    until: float


class Desk:
    """One card waits at most, for at most 3 s of wall time; a more important one takes its place."""

    def __init__(
        self, *, attention: Attention, sink: CoachSink, call_clock: CallClock, clock: Callable[[], float]
    ) -> None:
        self.attention = attention
        self._sink = sink
        self._call_clock = call_clock
        self._clock = clock
        self._held: _Held | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._visible: dict[str, str] = {}

    def offer(self, card: Card, offer: Offer) -> Verdict:
        """Push the card if the budget allows, else keep or drop it."""
        verdict, reason = self.attention.judge(offer, self._call_clock.now_ms())
        if verdict is Verdict.SHOW:
            self.push(card, offer)
        elif verdict is Verdict.HOLD:
            self._hold(_Held(card, offer, self._clock() + HOLD_MS / 1_000))
        else:
            metrics.cards.labels(card.lane.value, reason).inc()
        return verdict

    def offer_now(self, card: Card, offer: Offer) -> bool:
        """Push the card if the budget allows it at this moment; who offers it will come again."""
        verdict, _ = self.attention.judge(offer, self._call_clock.now_ms())
        if verdict is Verdict.SHOW:
            self.push(card, offer)
        return verdict is Verdict.SHOW

    def has_room(self, offer: Offer, signal_id: str) -> bool:
        """Whether a card for this signal, asked for now, could be seen: in the place of one on the screen, or later."""
        now_ms = self._call_clock.now_ms()
        if self.shown_for(signal_id) is not None:
            return not self.attention.is_away(offer, now_ms)
        return self.attention.judge(offer, now_ms)[0] is not Verdict.DROP

    def push(self, card: Card, offer: Offer) -> None:
        """Show a card that the budget allowed."""
        self.attention.pushed(offer, card.id, self._call_clock.now_ms())
        self._publish(card)

    def publish_started(self, card: Card, offer: Offer, *, is_counted: bool) -> None:
        """Show the finished form of a model card whose text already grew on the screen."""
        if is_counted:
            self.attention.replaced(offer, card.id)
        else:
            self.attention.pushed(offer, card.id, self._call_clock.now_ms())
        self._publish(card)

    def shown_for(self, signal_id: str) -> str | None:
        """The id of the card on the screen for a signal, if there is one."""
        return self._visible.get(signal_id)

    def drop_held(self, signal_id: str) -> None:
        """A better card for the same signal has come: the waiting one is not needed."""
        if self._held is not None and self._held.card.signal_id == signal_id:
            self._clear()

    def note_speaking(self, is_speaking: bool, now_ms: int) -> None:
        self.attention.note_speaking(is_speaking, now_ms)
        self.settle()

    def act(self, card_id: str, action: CardAction) -> None:
        self.attention.act(card_id, action, self._call_clock.now_ms())
        if action in (CardAction.DISMISSED, CardAction.SNOOZED):
            self._visible = {signal: card for signal, card in self._visible.items() if card != card_id}

    def settle(self) -> None:
        """Look again at the waiting card: show it now, or drop it when it waited too long."""
        held = self._held
        if held is None:
            return
        if self._clock() >= held.until:
            metrics.cards.labels(held.card.lane.value, "late").inc()
            self._clear()
            return
        verdict, reason = self.attention.judge(held.offer, self._call_clock.now_ms())
        if verdict is Verdict.SHOW:
            self._clear()
            self.push(held.card, held.offer)
        elif verdict is Verdict.DROP:
            metrics.cards.labels(held.card.lane.value, reason).inc()
            self._clear()

    def aclose(self) -> None:
        self._clear()

    def _publish(self, card: Card) -> None:
        metrics.cards.labels(card.lane.value, "shown").inc()
        if card.signal_id is not None:
            self._visible[card.signal_id] = card.id
            while len(self._visible) > SIGNALS_REMEMBERED:
                del self._visible[next(iter(self._visible))]
        self._sink.card(card)

    def _hold(self, held: _Held) -> None:
        waiting = self._held
        if waiting is not None and waiting.offer.priority > held.offer.priority:
            metrics.cards.labels(held.card.lane.value, "held_back").inc()
            return
        self._clear()
        self._held = held
        self._arm()

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(TICK_S, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.settle()
        if self._held is not None and self._timer is None:
            self._arm()

    def _clear(self) -> None:
        self._held = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
