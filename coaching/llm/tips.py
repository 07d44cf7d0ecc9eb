"""When the model is slow or down: a circuit that spares it, a rung that says so, tips that still help."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from coaching.llm.base import CardModel, CardRequest, CardText, ModelError
from coaching.sink import CoachingRung
from coaching.types import Card, Lane, Signal, SignalKind, Usage

FAILURES_TO_OPEN = 3
FIRST_REST_S = 10.0
LONGEST_REST_S = 120.0
REFUSED_REST_S = 300.0
TIPS_KEPT = 16
MODELS_REMEMBERED = 64

WORDS = {
    "slow": "The language model is slow: cards come from the playbook.",
    "resting": "The language model is resting after errors: cards come from the playbook.",
    "rate_limited": "The language model is over its limit: cards come from the playbook.",
    "refused": "The language model refuses our key: cards come from the playbook. Tell your administrator.",
    "unreachable": "The language model can not be reached: cards come from the playbook.",
    "no_such_model": "There is no such language model: cards come from the playbook. Tell your administrator.",
    "all_asked": "The language model was asked as often as this call may: cards come from the playbook.",
}
DOWN = "The language model does not answer: cards come from the playbook."
NO_MODEL = "No language model is connected: cards come from the playbook."
WELL = "Coaching is complete: playbook and language model."


class Circuit:
    """Open after three failures in a row, or at once when the vendor refuses; then rests 10 s, doubling to 120 s.

    After the rest one request goes through (half open); its outcome closes or opens the circuit again.
    Seconds by `clock`. Pure.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._rest_s = FIRST_REST_S
        self._until: float | None = None
        self._is_trying = False

    @property
    def is_open(self) -> bool:
        return self._until is not None

    def admit(self) -> bool:
        """Whether a request may go. While half open only one is let through."""
        if self._until is None:
            return True
        if self._clock() < self._until or self._is_trying:
            return False
        self._is_trying = True
        return True

    def worked(self) -> None:
        self._failures, self._rest_s, self._until, self._is_trying = 0, FIRST_REST_S, None, False

    def released(self) -> None:
        """A request ended without an outcome: cancelled by us."""
        self._is_trying = False

    def failed(self, error: ModelError) -> None:
        self._failures += 1
        was_trying, self._is_trying = self._is_trying, False
        if not error.retryable:
            self._rest(REFUSED_REST_S)
        elif error.retry_after_s:
            self._rest(min(error.retry_after_s, LONGEST_REST_S))
        elif was_trying or self._failures >= FAILURES_TO_OPEN:
            self._rest(self._rest_s)
            self._rest_s = min(self._rest_s * 2, LONGEST_REST_S)

    def _rest(self, seconds: float) -> None:
        self._until = self._clock() + seconds


class GuardedModel:
    """A model behind a circuit and a deadline for its first words; the same type as what it guards.

    Raises `ModelError("resting")` without a request while the circuit is open, `ModelError("slow")` when no
    readable word came within the deadline. Shared by all calls of a process: each model that a prompt names has a
    circuit of its own, so that one business's wrong name rests nobody else's.
    """

    def __init__(self, inner: CardModel, circuit: Circuit | None = None) -> None:
        self._inner = inner
        self.circuit = circuit or Circuit()
        self._others: OrderedDict[str, Circuit] = OrderedDict()

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def provider(self) -> str:
        return self._inner.provider

    async def warm_up(self) -> None:
        if self.circuit.is_open:
            return
        try:
            await self._inner.warm_up()
        except ModelError as error:
            self.circuit.failed(error)
            raise

    async def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        circuit = self._circuit_of(request)
        if not circuit.admit():
            raise ModelError("resting", retryable=True)
        has_outcome = False
        try:
            async with aclosing(self._timed(request)) as stream:
                async for item in stream:
                    if isinstance(item, CardText) and item.is_complete:
                        circuit.worked()
                        has_outcome = True
                    yield item
        except ModelError as error:
            circuit.failed(error)
            has_outcome = True
            raise
        finally:
            if not has_outcome:
                circuit.released()

    def _circuit_of(self, request: CardRequest) -> Circuit:
        if request.model in ("", self._inner.name):
            return self.circuit
        circuit = self._others.setdefault(request.model, Circuit())
        self._others.move_to_end(request.model)
        while len(self._others) > MODELS_REMEMBERED:
            self._others.popitem(last=False)
        return circuit

    async def _timed(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        deadline = started + request.deadline_s
        async with aclosing(self._inner.stream_card(request)) as stream:
            while True:
                try:
                    async with asyncio.timeout_at(deadline):
                        item = await anext(stream, None)
                except TimeoutError as error:
                    raise ModelError("slow", retryable=True) from error
                if item is None:
                    return
                if isinstance(item, Usage) or item.say or item.is_complete:
                    deadline = started + request.total_s
                yield item


class Rung:
    """Tells the ladder, once per change, whether the model helps: `full` or `tips`, with a sentence."""

    def __init__(self, tell: Callable[[CoachingRung, str], None]) -> None:
        self._tell = tell
        self._told: str = WELL

    @property
    def is_tips(self) -> bool:
        return self._told != WELL

    def no_model(self) -> None:
        self._say("tips", NO_MODEL)

    def failed(self, error: ModelError) -> None:
        self._say("tips", WORDS.get(error.reason, DOWN))

    def worked(self) -> None:
        self._say("full", WELL)

    def _say(self, rung: CoachingRung, words: str) -> None:
        if words != self._told:
            self._told = words
            self._tell(rung, words)


class TipCache:
    """The model's own grounded cards of this call by topic, at most 16, to help again while it is away."""

    def __init__(self) -> None:
        self._cards: OrderedDict[tuple[SignalKind, str], Card] = OrderedDict()

    def keep(self, card: Card, signal: Signal) -> None:
        self._cards[signal.kind, signal.topic] = card
        while len(self._cards) > TIPS_KEPT:
            self._cards.popitem(last=False)

    def card_for(self, signal: Signal) -> Card | None:
        """An instant card with the words of an earlier model card on the same topic."""
        card = self._cards.get((signal.kind, signal.topic))
        if card is None:
            return None
        return replace(
            card,
            id=f"tip-{signal.id}",
            lane=Lane.INSTANT,
            trigger_end_ms=signal.end_ms,
            signal_id=signal.id,
            replaces=None,
        )
