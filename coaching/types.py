"""The words of a coached call, as frozen values. Shared upwards: `calls` speaks them too.

Times are integer milliseconds on the call's capture clock (sample offset / 16), so they survive
reconnects and name the same instant in audio, transcript, signals, cards and report.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Card:
    """What the rep sees. `say` is the sentence to say and is readable first; `why` is one short reason.

    `trigger_end_ms` is the end of the triggering word in the audio: card latency starts there.
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


@dataclass(frozen=True, slots=True)
class Knowledge:
    """One approved fact of the business: the only material a card may claim from."""

    key: str
    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """One immutable prompt version, as the model sees it."""

    version_id: int
    system: str
    temperature: float = 0.3


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
