"""When the model is asked for a card. Pure; time is the call's own clock in milliseconds.

Asked for a customer's signal that is worth it, once per signal, at most every four seconds; a signal worth more than
the one in flight need not wait for that. What can not be asked at once waits: for 2.5 s, or for the end of the
customer's turn, the moment at which the rep has to say something. A long turn in which no rule found anything is
asked about as a whole. On an interim the ask is a speculation: `Ask.is_speculative`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from coaching.attention import Offer
from coaching.signals.tracker import Found
from coaching.types import Channel, Line, Signal, SignalKind

MIN_GAP_MS = 4_000
MIN_WORDS_INTERIM = 4
ASKS_REMEMBERED = 64
WAIT_MS = 2_500
"""How long after its moment an ask may still begin: a card is stale 3 s after it."""

WAITING_KEPT = 8
MODEL_PRIORITY = 60
TURN_WORDS = 8
TURN_GAP_MS = 20_000
"""A turn without a signal is asked about only when the model was not asked for so long."""

ANSWER_WORDS = 3
"""Fewer words of the rep ("right", "I see") leave the turn with the customer."""

TURN_MS = 30_000
"""What the customer said longer before the end of the turn is not what the rep answers to."""

TURN_QUOTE_CHARS = 160
WHOLE_TURN = "what_was_said"
"""The topic of an ask about a turn in which no rule found anything."""

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
    """A question to the model about one signal, as it stood in `line`.

    `turn_end_ms`: asked when the customer's turn had ended, for help with the answer to it. An ask about a whole turn
    has a `signal` of its own that nobody else sees.
    """

    signal: Signal
    line: Line
    is_speculative: bool
    turn_end_ms: int | None = None

    @property
    def is_whole_turn(self) -> bool:
        return self.signal.topic == WHOLE_TURN

    @property
    def at_ms(self) -> int:
        """The moment that the card is for."""
        return self.signal.end_ms if self.turn_end_ms is None else self.turn_end_ms

    @property
    def worth(self) -> int:
        return 0 if self.is_whole_turn else WORTH[self.signal.kind]

    @property
    def offer(self) -> Offer:
        """How the card asks for attention."""
        signal = self.signal
        return Offer(f"model-{signal.kind.value}-{signal.topic}", signal.kind, signal.topic, MODEL_PRIORITY)


@dataclass(slots=True)
class _Turn:
    """What the customer said since the rep last spoke. `last` is its newest final."""

    words: int = 0
    has_signal: bool = False
    last: Line | None = None
    waiting: dict[str, Ask] = field(default_factory=dict)


class Planner:
    """What was asked in one call so far, and what waits. With `is_mono` nobody knows whose turn ends."""

    def __init__(self, *, is_mono: bool = False) -> None:
        self._is_mono = is_mono
        self._asked: dict[str, bool] = {}
        self._last_ms: int | None = None
        self._turn = _Turn()

    def plan(
        self, found: tuple[Found, ...], line: Line, now_ms: int, *, may_overtake: Callable[[Ask], bool] | None = None
    ) -> Ask | None:
        """The signal of this line most worth a card of the model, or None.

        `may_overtake` says of an ask whether the request in flight would be given up for it.
        """
        return self.choose([one.signal for one in found], line, now_ms, may_overtake=may_overtake)

    def choose(
        self,
        signals: Iterable[Signal],
        line: Line,
        now_ms: int,
        *,
        may_overtake: Callable[[Ask], bool] | None = None,
    ) -> Ask | None:
        """The same, of signals that were found before. What comes too early waits."""
        if line.recovered or (not line.is_final and len(line.text.split()) < MIN_WORDS_INTERIM):
            return None
        worthy = [signal for signal in signals if self._is_worthy(signal)]
        self._turn.has_signal = self._turn.has_signal or bool(worthy)
        new = [signal for signal in worthy if signal.id not in self._asked]
        if not new:
            return None
        ask = Ask(max(new, key=_importance), line, is_speculative=not line.is_final)
        if self._is_early(now_ms) and not (may_overtake is not None and may_overtake(ask)):
            self.wait(ask)
            return None
        return ask

    def wait(self, ask: Ask) -> None:
        """It can not be asked now. Of more than eight the one that is worth least goes."""
        waiting = self._turn.waiting
        waiting[ask.signal.id] = ask
        if len(waiting) > WAITING_KEPT:
            del waiting[min(waiting.values(), key=_order).signal.id]

    def due(self, now_ms: int) -> Ask | None:
        """What waited and may be asked now: the most important that is not late yet."""
        if self._is_early(now_ms):
            return None
        fresh = [ask for ask in self._turn.waiting.values() if now_ms - ask.at_ms <= WAIT_MS]
        return max(fresh, key=_order, default=None)

    def note(self, line: Line) -> None:
        """A final line, after its signals were planned. Once the rep answers, nothing of the turn before waits."""
        if line.recovered or self._is_mono:
            return
        words = len(line.text.split())
        if line.channel is Channel.CUSTOMER:
            self._turn.words += words
            self._turn.last = line
        elif words >= ANSWER_WORDS:
            self._turn = _Turn()

    def end_turn(self, now_ms: int, at_ms: int) -> Ask | None:
        """The customer's turn ended at `at_ms`: the most important signal of it that was not asked about, else the
        whole turn when it was long and nothing was found in it, else None.
        """
        turn, self._turn = self._turn, _Turn()
        recent = [ask for ask in turn.waiting.values() if at_ms - ask.signal.end_ms <= TURN_MS]
        ask = max(recent, key=_order, default=None)
        if ask is None:
            return self._about_all_of(turn, now_ms, at_ms)
        ask = replace(ask, turn_end_ms=at_ms)
        if self._is_early(now_ms):
            self.wait(ask)
            return None
        return ask

    def asked(self, ask: Ask, now_ms: int) -> None:
        self._turn.waiting.pop(ask.signal.id, None)
        self._asked[ask.signal.id] = True
        self._last_ms = now_ms
        while len(self._asked) > ASKS_REMEMBERED:
            del self._asked[next(iter(self._asked))]

    def dropped(self, ask: Ask) -> None:
        """What waited no longer holds."""
        self._turn.waiting.pop(ask.signal.id, None)

    def discarded(self, ask: Ask) -> None:
        """A speculation that no longer held: the final may ask once more."""
        if ask.is_speculative:
            self._asked.pop(ask.signal.id, None)
            self._last_ms = None

    def _about_all_of(self, turn: _Turn, now_ms: int, at_ms: int) -> Ask | None:
        line = turn.last
        if line is None or turn.has_signal or turn.words < TURN_WORDS:
            return None
        if self._last_ms is not None and now_ms - self._last_ms < TURN_GAP_MS:
            return None
        signal = Signal(
            id=f"{line.channel.value[0]}{line.start_ms}-{WHOLE_TURN}",
            kind=SignalKind.QUESTION,
            topic=WHOLE_TURN,
            channel=line.channel,
            confidence=0.0,
            quote=line.text[-TURN_QUOTE_CHARS:],
            start_ms=line.start_ms,
            end_ms=line.end_ms,
        )
        return Ask(signal, line, is_speculative=False, turn_end_ms=at_ms)

    def _is_early(self, now_ms: int) -> bool:
        return self._last_ms is not None and now_ms - self._last_ms < MIN_GAP_MS

    def _is_worthy(self, signal: Signal) -> bool:
        if signal.kind not in WORTH or (signal.kind is SignalKind.PRICE and signal.topic == "mention"):
            return False
        return self._is_mono or signal.channel is Channel.CUSTOMER


def _importance(signal: Signal) -> tuple[int, float]:
    return WORTH[signal.kind], signal.confidence


def _order(ask: Ask) -> tuple[int, int]:
    """What is worth more, then what is newer."""
    return ask.worth, ask.at_ms
