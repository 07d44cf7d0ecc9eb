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
    did; `playbook_version` the playbook it was made with, None for a manager's card. `play` is the key of the play
    that made it, empty without one; `question` one to ask after what is said.
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
    play: str = ""
    question: str = ""


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


class Trigger(StrEnum):
    """What makes a play fire: words or a signal, their absence, or time alone."""

    SAID = "said"
    NOT_SAID = "not_said"
    ELAPSED = "elapsed"


class Match(StrEnum):
    """For a play that waits for something said: one of its phrases or signals is enough, or it takes both."""

    ANY = "any"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a call can be about, for plays that refer to it: a kind of signal, and one topic of it or (empty) any."""

    kind: SignalKind
    topic: str = ""

    @classmethod
    def parse(cls, text: str) -> Subject:
        """`price` or `objection/price`. Raises `ValueError` that says what to write."""
        kind, _, topic = text.strip().partition("/")
        if kind not in [each.value for each in SignalKind]:
            kinds = ", ".join(each.value for each in SignalKind)
            raise ValueError(
                f"“{kind}” is no kind of signal. Write one of {kinds}; or with its topic: objection/price."
            )
        return cls(SignalKind(kind), topic.strip())

    def covers(self, kind: SignalKind, topic: str) -> bool:
        return kind is self.kind and self.topic in ("", topic)

    def __str__(self) -> str:
        return f"{self.kind.value}/{self.topic}" if self.topic else self.kind.value


@dataclass(frozen=True, slots=True)
class Play:
    """When → what to show.

    `trigger` SAID: `patterns` (phrases or `re:` expressions) or `signals` are heard from `channel`; without `signals`
    the play's own kind and topic count. `unless` are phrases that stop it. NOT_SAID: none of them was heard from
    `channel` within `within_s` seconds of the call's start, or of each time that `since` comes up. ELAPSED: so many
    seconds have passed. `before` and `after` bind all three to the order of the call, `from_s` and `until_s` (0: no
    limit) to its clock. `say` is one line or two. `source` is a fact's key or the business's own words.
    """

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
    trigger: Trigger = Trigger.SAID
    match: Match = Match.ANY
    signals: tuple[Subject, ...] = ()
    since: Subject | None = None
    within_s: int = 0
    before: Subject | None = None
    after: Subject | None = None
    from_s: int = 0
    until_s: int = 0
    once_per_call: bool = False
    question: str = ""
    source: str = ""

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The signals that it listens for."""
        if self.signals or self.trigger is not Trigger.SAID:
            return self.signals
        return (Subject(self.kind, self.topic),)


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
