"""Keeps model cards honest: a price, number, name or claim must stand in the business's own material. Pure."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from coaching.llm.base import CardText
from coaching.signals.text import words_of
from coaching.types import Knowledge, Material, SignalKind, Source

MAX_SAY = 240
_NUMBER = re.compile(r"\d[\d.,:]*\d|\d")
_MONEY = re.compile(r"[$£€%]|\b(?:percent|dollars?|euros?|pounds?|bucks)\b", re.IGNORECASE)
_NUMBER_WORDS = re.compile(
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|"
    r"hundred|thousand|million|half|double|twice|triple)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w&.-]*[a-z0-9][\w&-]*|\b[A-Z]{2,}[\w-]*")
_COMMON_NAMES = frozenset(
    {
        "I",
        "I'm",
        "I'd",
        "I'll",
        "OK",
        "CEO",
        "CFO",
        "CTO",
        "IT",
        "ROI",
        "PDF",
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
    }
    | {"Friday", "Saturday", "Sunday", "FAQ", "TV", "US", "UK", "EU", "Q1", "Q2", "Q3", "Q4"}
)
_CLAIM = re.compile(
    r"\b(?:guarantee\w*|certified|award\w*|patented|proven|fastest|cheapest|best in|number one|leading|unlimited|free|always|never|"
    r"compliant|customers (?:like|such as|have|save|see)|case stud\w+|risk[- ]free|refund\w*|money[- ]back)\b",
    re.IGNORECASE,
)

QUESTIONS: dict[str, str] = {
    "price": "That's fair. What would you need to see for the price to feel right?",
    "timing": "I understand. What would have to change for this to be the right time?",
    "authority": "Makes sense. Who else should be part of this, and what matters most to them?",
    "need": "Fair enough. How are you handling this today, and what would you improve if you could?",
    "status_quo": "Good to know. What works best today, and what do you wish worked better?",
    "trust": "That's a fair concern. What would you need to see to feel comfortable?",
    "contract": "I hear you. Which part of the commitment worries you most?",
    "implementation": "Good point. Which part of getting started worries you most?",
    "security": "Important question. Which security requirements must we meet for you?",
    "brush_off": "Happy to. So that I send the right thing: what would be most useful to read?",
}
_FINER_QUESTIONS: dict[tuple[SignalKind, str], str] = {
    (
        SignalKind.PRICE,
        "question",
    ): "Happy to talk numbers. So that it's the right one: who would use it, and from when?",
    (
        SignalKind.PRICE,
        "discount",
    ): "Let's look at it. If the price worked, what else would have to be in place to go ahead?",
    (SignalKind.BUYING_SIGNAL, "ready"): "Great. What would you like to settle first: the start date or the paperwork?",
    (SignalKind.BUYING_SIGNAL, "timeline"): "Good. By when would you need it, and what has to happen before then?",
    (SignalKind.BUYING_SIGNAL, "fit"): "Good to hear. Which part would help you most, and who else should see it?",
    (SignalKind.BUYING_SIGNAL, "trial"): "Happy to. What would you need to see in it to say yes?",
    (SignalKind.NEXT_STEP, "proposal"): "Gladly. What must it say for you to be able to decide?",
    (
        SignalKind.QUESTION,
        "proof",
    ): "Good question. What would convince you: figures, or a talk with somebody like you?",
    (SignalKind.QUESTION, "price"): "Good question. What would you compare the price with?",
}
_KIND_QUESTIONS: dict[SignalKind, str] = {
    SignalKind.COMPETITOR: "What do you like most about them, and what do you wish was better?",
    SignalKind.BUYING_SIGNAL: "Glad to hear it. What would you need from me to move forward?",
    SignalKind.QUESTION: "Good question. What would the ideal answer look like for you?",
    SignalKind.PRICE: "So that I quote the right thing: what would you like to include?",
    SignalKind.NEXT_STEP: "Great. Which day works for you, and who should join?",
}


class Ruling(StrEnum):
    GROUNDED = "grounded"
    UNGROUNDED = "ungrounded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a card may be shown. `source` is the business's entry it leans on, None for a question."""

    ruling: Ruling
    reason: str = ""
    source: Source | None = None


def question_for(kind: SignalKind, topic: str) -> str:
    """A safe question on a topic: what a card says when the model's claim has no ground, or no model helps."""
    return (
        _FINER_QUESTIONS.get((kind, topic))
        or QUESTIONS.get(topic)
        or _KIND_QUESTIONS.get(kind)
        or "What matters most to you here?"
    )


class Ground:
    """A business's material, ready to check cards against. Built once per call.

    Only approved facts are ground: their numbers and claims may be said. A play may be named as the source of a
    sentence and its words may be used, but its figures count only if a fact holds them too.
    """

    def __init__(self, material: Material) -> None:
        self._sources = {play.key: Source(play.key, play.title) for play in material.plays}
        self._sources.update({fact.key: source_of(fact) for fact in material.knowledge})
        facts = " ".join(f"{fact.title} {fact.body}" for fact in material.knowledge)
        names = [material.business_name, *material.competitors, *material.keyterms]
        names += [f"{play.title} {play.say}" for play in material.plays]
        self._claimable = frozenset(words_of(facts))
        self._words = self._claimable | frozenset(words_of(" ".join(names)))
        self._numbers = _numbers(facts)

    def violation(self, say: str, heard: str) -> str:
        """Why this sentence, finished or still growing, may not be shown, or an empty string.

        A sum of money or a percentage must stand in the facts; a plain number or a name may also echo
        `heard`, what was said in the call. The last, perhaps unfinished word of a growing text is the caller's
        to hold back.
        """
        own = _numbers(say)
        allowed = self._numbers if _MONEY.search(say) else self._numbers | _numbers(heard)
        if own - allowed:
            return "number"
        heard_words = frozenset(words_of(heard))
        for match in _NAME.finditer(say):
            if match.group() in _COMMON_NAMES:
                continue
            if not frozenset(words_of(match.group())) <= self._words | heard_words:
                return "name"
        return ""

    def judge(self, card: CardText, heard: str) -> Verdict:
        """Judge a complete card. Without a source it must be a question that claims nothing."""
        say = card.say.strip()
        if not say or len(say) > MAX_SAY:
            return Verdict(Ruling.UNGROUNDED, "length")
        reason = self.violation(say, heard)
        if reason:
            return Verdict(Ruling.UNGROUNDED, reason)
        return self._sourced(card.source_key, say) if card.source_key else _as_question(say)

    def _sourced(self, key: str, say: str) -> Verdict:
        source = self._sources.get(key)
        if source is None:
            return Verdict(Ruling.UNGROUNDED, "source")
        claims = {match.group().lower() for match in _CLAIM.finditer(say)}
        if not all(frozenset(words_of(claim)) <= self._claimable for claim in claims):
            return Verdict(Ruling.UNGROUNDED, "claim")
        return Verdict(Ruling.GROUNDED, source=source)


def source_of(fact: Knowledge) -> Source:
    """What a card says about a fact it leans on: its title, and where the fact is from."""
    return Source(fact.key, fact.title, fact.source, fact.source_url)


def _as_question(say: str) -> Verdict:
    if "?" not in say:
        return Verdict(Ruling.UNGROUNDED, "source")
    if _CLAIM.search(say):
        return Verdict(Ruling.UNGROUNDED, "claim")
    return Verdict(Ruling.GROUNDED)


def safe_part(say: str) -> str:
    """A growing sentence without its last, perhaps unfinished word."""
    head, space, _ = say.rpartition(" ")
    return head if space else ""


def _numbers(text: str) -> frozenset[str]:
    digits = {match.group().replace(",", "").strip(".:") for match in _NUMBER.finditer(text)}
    words = {match.group().lower() for match in _NUMBER_WORDS.finditer(text)}
    return frozenset(digits | words)
