"""When the model is asked for a card. Pure; time is the call's own clock in milliseconds.

Asked for a customer's signal that is worth it, once per signal, at most every four seconds, and only if the
attention budget would let the card be seen. On an interim the ask is a speculation: `Ask.is_speculative`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coaching.signals.tracker import Found
from coaching.types import Channel, Line, Signal, SignalKind

MIN_GAP_MS = 4_000
MIN_WORDS_INTERIM = 4
ASKS_REMEMBERED = 64
WORTH = {
    SignalKind.OBJECTION: 3,
    SignalKind.COMPETITOR: 2,
    SignalKind.BUYING_SIGNAL: 2,
    SignalKind.QUESTION: 1,
    SignalKind.PRICE: 1,
    SignalKind.NEXT_STEP: 1,
}


@dataclass(frozen=True, slots=True)
class Ask:
    """A question to the model about one signal, as it stood in `line`."""

    signal: Signal
    line: Line
    is_speculative: bool


class Planner:
    """What was asked in one call so far."""

    def __init__(self, *, is_mono: bool = False) -> None:
        self._is_mono = is_mono
        self._asked: dict[str, bool] = {}
        self._last_ms: int | None = None

    def plan(self, found: tuple[Found, ...], line: Line, now_ms: int) -> Ask | None:
        """The signal of this line most worth a card of the model, or None."""
        return self.choose([one.signal for one in found], line, now_ms)

    def choose(self, signals: Iterable[Signal], line: Line, now_ms: int) -> Ask | None:
        """The same, of signals that were found before."""
        if line.recovered or (not line.is_final and len(line.text.split()) < MIN_WORDS_INTERIM):
            return None
        if self._last_ms is not None and now_ms - self._last_ms < MIN_GAP_MS:
            return None
        worthy = [signal for signal in signals if self._is_worthy(signal)]
        if not worthy:
            return None
        best = max(worthy, key=lambda signal: (WORTH[signal.kind], signal.confidence))
        return Ask(best, line, is_speculative=not line.is_final)

    def asked(self, ask: Ask, now_ms: int) -> None:
        self._asked[ask.signal.id] = True
        self._last_ms = now_ms
        while len(self._asked) > ASKS_REMEMBERED:
            del self._asked[next(iter(self._asked))]

    def discarded(self, ask: Ask) -> None:
        """A speculation that no longer held: the final may ask once more."""
        if ask.is_speculative:
            self._asked.pop(ask.signal.id, None)
            self._last_ms = None

    def _is_worthy(self, signal: Signal) -> bool:
        if signal.kind not in WORTH or signal.id in self._asked:
            return False
        if signal.kind is SignalKind.PRICE and signal.topic == "mention":
            return False
        return self._is_mono or signal.channel is Channel.CUSTOMER
