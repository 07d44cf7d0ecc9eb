"""The words of a coached call, as frozen values. Shared upwards: `calls` speaks them too.

Times are integer milliseconds on the call's capture clock (sample offset / 16), so they survive
reconnects and name the same instant in audio, transcript, signals, cards and report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Channel(StrEnum):
    """Who is heard. The index is the position in interleaved audio."""

    REP = "rep"
    CUSTOMER = "customer"

    @property
    def index(self) -> int:  # type: ignore[override]  # a channel's place in the audio, not str.index
        return 0 if self is Channel.REP else 1


class SignalKind(StrEnum):
    """What a signal means. METRICS.md and the playbook use the same names."""

    OBJECTION = "objection"
    BUYING_SIGNAL = "buying_signal"
    QUESTION = "question"
    COMPETITOR = "competitor"
    PRICE = "price"
    NEXT_STEP = "next_step"
    COMPLIANCE = "compliance"


class MomentState(StrEnum):
    """The life of an objection moment; other moments stay `raised`."""

    RAISED = "raised"
    HANDLED = "handled"
    RETURNED = "returned"
    OPEN = "open"


class Lane(StrEnum):
    """Where a card came from."""

    INSTANT = "instant"
    MODEL = "model"
    MANAGER = "manager"


@dataclass(frozen=True, slots=True)
class Word:
    text: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of transcript of one channel. `is_final` lines never change; interims may.

    `utterance` ties the interims of one utterance to its final: `(channel, utterance)` is the key a
    screen replaces by. `recovered` lines come from the second lane after a gap and make no card.
    """

    channel: Channel
    text: str
    start_ms: int
    end_ms: int
    confidence: float
    is_final: bool
    utterance: int
    provider: str
    words: tuple[Word, ...] = ()
    recovered: bool = False
    ends_turn: bool = False


@dataclass(frozen=True, slots=True)
class Signal:
    """Something detected in what was said. `topic` narrows the kind: `price`, `timing`, a rival's name."""

    id: str
    kind: SignalKind
    topic: str
    channel: Channel
    confidence: float
    quote: str
    start_ms: int
    end_ms: int
    is_interim: bool = False


@dataclass(frozen=True, slots=True)
class Moment:
    """A signal worth keeping, with its life. Published again, same id, whenever `state` changes."""

    id: str
    signal_id: str
    kind: SignalKind
    topic: str
    state: MomentState
    quote: str
    start_ms: int
    end_ms: int


@dataclass(frozen=True, slots=True)
class Source:
    """The business's own material a card leans on: a play's or knowledge entry's key and its title."""

    key: str
    title: str
    origin: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """What the rep sees. `say` is the sentence to say and is readable first; `why` is one short reason.

    `trigger_end_ms` is the end of the triggering word in the audio: card latency starts there.
    `prompt_version` is the number of the live prompt that wrote it, 0 for the built-in text, None when no model
    did; `playbook_version` the playbook it was made with, None for a manager's card.
    """

    id: str
    lane: Lane
    kind: SignalKind | None
    title: str
    say: str
    why: str
    topic: str
    trigger_end_ms: int
    signal_id: str | None = None
    source: Source | None = None
    replaces: str | None = None
    author: str = ""
    prompt_version: int | None = None
    playbook_version: int | None = None


class CardAction(StrEnum):
    """What a rep does with a card, and `painted`, the browser's own report that it is visible."""

    USED = "used"
    DISMISSED = "dismissed"
    PINNED = "pinned"
    SNOOZED = "snoozed"
    PAINTED = "painted"


class Component(StrEnum):
    """What was consumed. Billing prices `(component, provider, model, unit)`."""

    SPEECH = "speech"
    MODEL = "model"
    STORAGE = "storage"


@dataclass(frozen=True, slots=True)
class Usage:
    """One metered quantity, as a provider reports it; never money.

    `unit` is one of `audio_ms` (per channel), `input_tokens`, `cached_tokens`, `cache_write_tokens`,
    `output_tokens`, `byte_days`. `is_waste` marks discarded speculation, `is_estimate` an
    interrupted stream.
    """

    component: Component
    provider: str
    model: str
    unit: str
    quantity: int
    purpose: str = "live"
    is_waste: bool = False
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Play:
    """When → what to show. `patterns` are phrases or `re:` expressions, `unless` are do-not-fire phrases."""

    key: str
    kind: SignalKind
    topic: str
    title: str
    say: str
    why: str
    patterns: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    channel: Channel | None = Channel.CUSTOMER
    priority: int = 50
    cooldown_s: int = 60


class FactKind(StrEnum):
    """What an approved fact is about."""

    PRICE = "price"
    REFERENCE = "reference"
    COMPETITOR = "competitor"
    PRODUCT = "product"
    POLICY = "policy"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One approved fact of the business: the only material a card may claim from.

    `source` says where the fact is from, `source_url` is an https address or empty. After `valid_until` it may not
    be used any more; None: for good.
    """

    key: str
    title: str
    body: str
    kind: FactKind = FactKind.OTHER
    source: str = ""
    source_url: str = ""
    valid_until: date | None = None

    def is_valid(self, on: date) -> bool:
        return self.valid_until is None or on <= self.valid_until


@dataclass(frozen=True, slots=True)
class Example:
    """What good help looks like: what was heard, and what to say then."""

    heard: str
    say: str


@dataclass(frozen=True, slots=True)
class Limits:
    """What one prompt version may spend.

    `deadline_ms`: for a live card the time to its first words, for a report the time for the whole of it.
    `max_requests`: for cards how often the model is asked in one call, for a report how often it is tried.
    """

    max_output_tokens: int
    deadline_ms: int
    max_requests: int


LIVE_LIMITS = Limits(max_output_tokens=220, deadline_ms=1_500, max_requests=120)
REPORT_LIMITS = Limits(max_output_tokens=1_500, deadline_ms=60_000, max_requests=3)


@dataclass(frozen=True, slots=True)
class Prompt:
    """One immutable prompt version, as the model sees it.

    `number` 0 is the built-in text, an empty `model` the installation's.
    """

    version_id: int
    system: str
    temperature: float = 0.3
    number: int = 0
    examples: tuple[Example, ...] = ()
    model: str = ""
    limits: Limits = LIVE_LIMITS


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a call needs to coach, read once when the call starts. Holds no ORM objects.

    `aliases` are other spellings of competitors, as `(spelling, name)`.
    """

    business_name: str
    plays: tuple[Play, ...]
    knowledge: tuple[Knowledge, ...]
    competitors: tuple[str, ...]
    keyterms: tuple[str, ...]
    live_prompt: Prompt
    report_prompt: Prompt
    playbook_version: int = 0
    settings: dict[str, int] = field(default_factory=dict)
    aliases: tuple[tuple[str, str], ...] = ()
