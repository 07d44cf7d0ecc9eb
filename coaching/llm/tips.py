"""When the model is slow or down: a guard that spares it, a rung that says so, tips that still help."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from coaching.llm.base import CardModel, CardRequest, CardText, Changed, ModelError
from coaching.llm.circuit import is_providers
from coaching.llm.deadline import in_time
from coaching.llm.probes import Circuits, Follower, Watch
from coaching.safe_questions import question_for
from coaching.sink import CoachingRung
from coaching.types import Card, Lane, Signal, SignalKind, Usage

TIPS_KEPT = 16
GENERAL_TITLE = "General tip"

WORDS = {
    "slow": "The language model is slow: cards come from the playbook.",
    "resting": "The language model is resting after errors: cards come from the playbook.",
    "rate_limited": "The language model is over its limit: cards come from the playbook.",
    "refused": "The language model refuses our key: cards come from the playbook. Tell your administrator.",
    "forbidden": "Our key may not use the language model: cards come from the playbook. Tell your administrator.",
    "filtered": "The language model's content filter stops its answers: cards come from the playbook.",
    "unwilling": "The language model declines to answer: cards come from the playbook.",
    "unreachable": "The language model can not be reached: cards come from the playbook.",
    "no_such_model": "There is no such language model: cards come from the playbook. Tell your administrator.",
    "all_asked": "The language model was asked as often as this call may: cards come from the playbook.",
}
DOWN = "The language model does not answer: cards come from the playbook."
NO_MODEL = "No language model is connected: cards come from the playbook."
WELL = "Coaching is complete: playbook and language model."


class GuardedModel:
    """A model as one call uses it: behind its business's circuit, its provider's, and a deadline for first words.

    Raises `ModelError("resting")` without a request while one of the circuits is open, `ModelError("slow")` when no
    readable word came within the deadline. `business` is any text that stands for it. Each model that a prompt names
    has circuits of its own. `circuits` are shared by all who use the same provider.
    """

    def __init__(
        self, inner: CardModel, circuits: Circuits | None = None, *, business: str = "", has_own_key: bool = False
    ) -> None:
        self._inner = inner
        self._circuits = circuits if circuits is not None else Circuits()
        self._business = business
        self._has_own_key = has_own_key

    @property
    def name(self) -> str:
        return self._inner.name

    @property
    def provider(self) -> str:
        return self._inner.provider

    def is_resting(self, model: str = "") -> bool:
        """Whether requests for a model, its own by default, are kept back now."""
        return any(watch.is_open for watch in self._watches(model))

    def follow(self, request: CardRequest, *, usage: Callable[[Usage], None], changed: Changed) -> Callable[[], None]:
        """See `coaching.llm.base.Recovering`."""

        def told(error: ModelError | None) -> None:
            if error is not None or not self.is_resting(request.model):
                changed(error)

        follower = Follower(self._inner, request, usage, told, has_own_key=self._has_own_key)
        watches = self._watches(request.model)
        for watch in watches:
            watch.follow(follower)

        def leave() -> None:
            for watch in watches:
                watch.leave(follower)

        return leave

    async def warm_up(self) -> None:
        if self.is_resting():
            return
        try:
            await self._inner.warm_up()
        except ModelError as error:
            self._failed(error, "")
            raise

    async def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        if self.is_resting(request.model):
            raise ModelError("resting", retryable=True)
        try:
            async with aclosing(in_time(self._inner, request)) as stream:
                async for item in stream:
                    if isinstance(item, CardText) and item.is_complete:
                        for watch in self._watches(request.model):
                            watch.worked()
                    yield item
        except ModelError as error:
            self._failed(error, request.model)
            raise
        except Exception:
            self._failed(ModelError("internal", retryable=True), request.model)
            raise

    def _failed(self, error: ModelError, model: str) -> None:
        own, shared = self._watches(model)
        own.failed(error, seen_by=self._business)
        if is_providers(error, has_own_key=self._has_own_key):
            shared.failed(error, seen_by=self._business)

    def _watches(self, model: str) -> tuple[Watch, Watch]:
        return self._circuits.of(self._business, model or self._inner.name)


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

    def changed(self, error: ModelError | None) -> None:
        """The model rests after a failure, perhaps another call's, or is well again."""
        if error is None:
            self.worked()
        else:
            self.failed(error)

    def failed(self, error: ModelError) -> None:
        self._say("tips", WORDS.get(error.reason, DOWN))

    def worked(self) -> None:
        self._say("full", WELL)

    def _say(self, rung: CoachingRung, words: str) -> None:
        if words != self._told:
            self._told = words
            self._tell(rung, words)


def general_card(signal: Signal, playbook_version: int) -> Card:
    """An instant card where neither a play nor the model helps: a question for that kind of signal, labelled as such.

    A question claims nothing, so it needs no ground in the business's material.
    """
    return Card(
        id=f"general-{signal.id}",
        lane=Lane.INSTANT,
        kind=signal.kind,
        title=GENERAL_TITLE,
        say=question_for(signal.kind, signal.topic),
        why="Your playbook has no play for this, and the language model did not answer.",
        topic=signal.topic,
        trigger_end_ms=signal.end_ms,
        signal_id=signal.id,
        playbook_version=playbook_version,
    )


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
