"""One seam for every language model: it streams a card and writes a summary, or says that it can not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from coaching.types import LIVE_LIMITS, REPORT_LIMITS, Component, Prompt, Usage

LONGEST_DEADLINE_S = 2.5
"""Whatever a prompt version allows: help is there 3 s after a model fell silent."""


class ModelError(Exception):
    """The model failed. `retryable` says whether a later card may try again; `reason` holds no personal data."""

    def __init__(self, reason: str, *, retryable: bool, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, slots=True)
class CardRequest:
    """What the model sees for one card: `messages` in order, the fixed prefix first.

    `cache_key` is one per call; `deadline_s` bounds the first readable words, `total_s` the whole. An empty `model`
    is the provider's own.
    """

    messages: tuple[tuple[str, str], ...]
    cache_key: str
    deadline_s: float = 1.5
    total_s: float = 6.0
    temperature: float = 0.3
    model: str = ""
    max_output_tokens: int = LIVE_LIMITS.max_output_tokens


@dataclass(frozen=True, slots=True)
class CardText:
    """The growing card. `is_complete` only on the last one, when every field stands.

    `should_show` False is the model's own word that no card is useful now. `source_key` names the
    knowledge entry or play the claim comes from, or is empty for a question. `question` is one to ask after it: our
    schema has none, a server that holds to no schema may send one.
    """

    say: str
    why: str = ""
    kind: str = ""
    title: str = ""
    source_key: str = ""
    question: str = ""
    should_show: bool = True
    is_complete: bool = False


def card_request(prompt: Prompt, messages: tuple[tuple[str, str], ...], *, cache_key: str) -> CardRequest:
    """A request with the settings and limits of a live prompt version."""
    return CardRequest(
        messages,
        cache_key=cache_key,
        deadline_s=min(prompt.limits.deadline_ms / 1_000, LONGEST_DEADLINE_S),
        temperature=prompt.temperature,
        model=prompt.model,
        max_output_tokens=prompt.limits.max_output_tokens,
    )


class CardModel(Protocol):
    """Streams a card as `CardText` of growing `say`, then one complete `CardText`, then `Usage` entries.

    Raises `ModelError`. Cancelling the iterator (aclose) stops the request at the vendor; the usage of an
    interrupted stream is never reported by a vendor, `estimate` gives it. `warm_up` opens the connection and
    may raise `ModelError`.
    """

    @property
    def name(self) -> str: ...

    @property
    def provider(self) -> str: ...

    def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]: ...

    async def warm_up(self) -> None: ...


Changed = Callable[[ModelError | None], None]


@runtime_checkable
class Recovering(Protocol):
    """A model that rests after failures, and finds out by itself when it is well again.

    While a call follows it, a resting model sends `request` now and then: a warm-up, which may hold the business's
    own instructions but no word of a call. `usage` takes what that cost. `changed` is told the failure after which
    the model rests, whosever it was, and None once cards may be asked for again. Gives what ends it. From one event
    loop; both callbacks return at once and never raise.
    """

    def follow(
        self, request: CardRequest, *, usage: Callable[[Usage], None], changed: Changed
    ) -> Callable[[], None]: ...


def estimate(model: CardModel, request: CardRequest, said: str) -> tuple[Usage, ...]:
    """What an interrupted request cost, estimated as characters / 4."""
    sent = sum(len(text) for _, text in request.messages)
    quantities = (("input_tokens", (sent + 3) // 4), ("output_tokens", (len(said) + 3) // 4))
    return tuple(
        Usage(Component.MODEL, model.provider, request.model or model.name, unit, quantity, is_estimate=True)
        for unit, quantity in quantities
        if quantity
    )


@dataclass(frozen=True, slots=True)
class SummaryRequest:
    """`total_s` bounds one try, `max_tries` how often it is sent."""

    messages: tuple[tuple[str, str], ...]
    total_s: float = REPORT_LIMITS.deadline_ms / 1_000
    temperature: float = 0.3
    max_output_tokens: int = REPORT_LIMITS.max_output_tokens
    max_tries: int = REPORT_LIMITS.max_requests


@dataclass(frozen=True, slots=True)
class Summary:
    """A report's words. `origin` is `model` or `extractive`; the screen shows which.

    `key_points` and `next_steps` are `(text, start_ms | None)`; a position makes the sentence jump.
    """

    text: str
    key_points: tuple[tuple[str, int | None], ...]
    next_steps: tuple[tuple[str, int | None], ...]
    origin: str
    model: str = ""
    usage: tuple[Usage, ...] = ()
