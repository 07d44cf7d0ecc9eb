"""What became of the cards: used, dismissed, snoozed or ignored (METRICS.md, coaching metrics). Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from calls.analysis.lexicons import STOP_WORDS
from calls.analysis.speech import Speech, tokens
from coaching.types import Card, CardAction, Channel

TURNS_AFTER = 2
MINIMUM_SHARE = 0.5
MINIMUM_WORDS = 2


class Outcome(StrEnum):
    USED = "used"
    DISMISSED = "dismissed"
    SNOOZED = "snoozed"
    IGNORED = "ignored"


class Evidence(StrEnum):
    """How we know that a card was used: the rep said so, or said what it says."""

    ACTION = "action"
    WORDS = "words"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """One action on a card, as the log has it."""

    card_id: str
    action: CardAction
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class CardResult:
    """`latency_ms`: the browser's own, None when it was never painted. `heard_ms`: where the rep said it."""

    card: Card
    outcome: Outcome
    evidence: Evidence
    is_pinned: bool
    latency_ms: int | None
    heard_ms: int | None


@dataclass(slots=True)
class _Deeds:
    actions: set[CardAction] = field(default_factory=set)
    latency_ms: int | None = None


def judge_cards(cards: Sequence[Card], deeds: Sequence[Deed], speech: Speech) -> list[CardResult]:
    """Every card with its outcome.

    *Used* is the rep's explicit action, or the rep's next two turns hold at least half of the card's content
    words, and at least two. A dismissed card is dismissed whatever was said.
    """
    by_card: dict[str, _Deeds] = {card.id: _Deeds() for card in cards}
    for deed in deeds:
        if (known := by_card.get(deed.card_id)) is None:
            continue
        known.actions.add(deed.action)
        if deed.action is CardAction.PAINTED and known.latency_ms is None:
            known.latency_ms = deed.latency_ms
    return [_judge(card, by_card[card.id], speech) for card in cards]


def _judge(card: Card, deeds: _Deeds, speech: Speech) -> CardResult:
    heard_ms = said_at(card, speech)
    outcome, evidence = _outcome(deeds.actions, is_heard=heard_ms is not None)
    return CardResult(card, outcome, evidence, CardAction.PINNED in deeds.actions, deeds.latency_ms, heard_ms)


def _outcome(actions: set[CardAction], *, is_heard: bool) -> tuple[Outcome, Evidence]:
    if CardAction.USED in actions:
        return Outcome.USED, Evidence.ACTION
    if CardAction.DISMISSED in actions:
        return Outcome.DISMISSED, Evidence.ACTION
    if is_heard:
        return Outcome.USED, Evidence.WORDS
    if CardAction.SNOOZED in actions:
        return Outcome.SNOOZED, Evidence.ACTION
    return Outcome.IGNORED, Evidence.NONE


def said_at(card: Card, speech: Speech) -> int | None:
    """When the rep said the card's content, or None. Looks at the two rep turns that end after the trigger."""
    wanted = content_words(card.say)
    after = [turn for turn in speech.turns if turn.channel is Channel.REP and turn.end_ms > card.trigger_end_ms]
    said: set[str] = set()
    for turn in after[:TURNS_AFTER]:
        words = [word.text for word in turn.words if word.end_ms > card.trigger_end_ms]
        said |= content_words(" ".join(words)) & wanted
        if len(said) >= MINIMUM_WORDS and len(said) >= MINIMUM_SHARE * len(wanted):
            return max(turn.start_ms, card.trigger_end_ms)
    return None


def content_words(text: str) -> set[str]:
    """Words that carry content, without plural s."""
    return {_stem(word) for word in tokens(text.replace("’", "'")) if word not in STOP_WORDS and len(word) > 2}


def _stem(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def counts(results: Sequence[CardResult]) -> Mapping[str, int]:
    """Cards shown, and by outcome."""
    tally = {outcome.value: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    return {"shown": len(results), **tally}
