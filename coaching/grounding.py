"""Keeps model cards honest: a price, number, name or claim must stand in the business's own material. Pure.

Every text of a card is judged, clause by clause (`coaching.claims`): a claim needs a source that holds its words
(`coaching.evidence`) and its amounts (`coaching.measures`); a question, an offer of the next step and a repetition of
what the customer said need none, but may not smuggle a claim in. Some things no card may hold (`coaching.unfit`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from coaching import claim_words, claims, evidence, prompts
from coaching.allowance import Allowance
from coaching.claims import Clause, Does
from coaching.evidence import Entry, strong_in
from coaching.llm.base import CardText
from coaching.measures import by_value, even, measures
from coaching.stems import listed, stem
from coaching.types import Material, Source
from coaching.unfit import Unfit

MAX_SAY = 240
SOURCES_TRIED = 8
"""When the model names none: those that share the most words with the card."""

_NAME = re.compile(r"(?<=[a-z,;] )[A-Z][\w&.-]*[a-z0-9][\w&-]*|\b[A-Z]{2,}[\w-]*")
_COMMON_NAMES = frozenset(
    listed(
        "I I'm I'd I'll OK CEO CFO CTO IT ROI PDF FAQ TV US UK EU HR Q1 Q2 Q3 Q4 Monday Tuesday Wednesday Thursday "
        "Friday Saturday Sunday January February March April May June July August September October November December"
    )
)
ASIDES = ("title", "why", "question")
"""The texts of a card around its sentence: without ground they are left out, and the sentence stays."""


class Ruling(StrEnum):
    GROUNDED = "grounded"
    UNGROUNDED = "ungrounded"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a card may be shown. `source` is the business's entry it leans on, None for a question.

    `field` is the text that has no ground: `say`, `title`, `why` or `question`.
    """

    ruling: Ruling
    reason: str = ""
    source: Source | None = None
    field: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """A card without what has no ground. `cuts` are the verdicts on what was left out."""

    card: CardText
    verdict: Verdict
    cuts: tuple[Verdict, ...] = ()


class Ground:
    """A business's material, ready to check cards against. Built once per call; from one thread.

    Only approved facts are ground: their numbers and claims may be said. A play may be named as the source of a
    sentence and its words may be used, but its figures count only if a fact holds them too.
    """

    def __init__(self, material: Material) -> None:
        self._entries = evidence.entries_of(material)
        self._facts = _together(self._entries[fact.key] for fact in material.knowledge)
        plays = " ".join(f"{play.title} {play.say} {play.question}" for play in material.plays)
        named = " ".join((material.business_name, *material.competitors, *material.keyterms))
        self._known = self._facts.stems | evidence.stems_of(even(f"{named} {plays}"))
        bodies = " ".join(fact.body for fact in material.knowledge)
        self._business, self._short = _names(material.business_name, f"{plays} {bodies}")
        self._names = frozenset({stem(self._short)}) if self._short else frozenset()
        rivals = evidence.stems_of(even(" ".join(material.competitors)))
        self._allowance = Allowance(self._facts, self._known, self._names, rivals)
        self._index = _index(self._entries)
        self._unfit = Unfit(
            allowed=(named, *prompts.material_lines(material), *(play.question + play.why for play in material.plays)),
            prompt=(material.live_prompt.system or prompts.DEFAULT_LIVE, prompts.RULES, prompts.CARD_WORDS),
        )
        self._heard = evidence.heard_entry("")
        self._heard_text = ""

    def violation(self, say: str, heard: str) -> str:
        """Why this sentence, still growing, may not be shown yet, or an empty string.

        Whatever source the card will name: one of them must hold what it claims so far. The last, perhaps unfinished
        word of a growing text is the caller's to hold back.
        """
        text = even(say)
        reason = self._plain_reason(text, self._call(heard))
        if reason:
            return reason
        found = claims.clauses(self._shortened(text), names=self._names, is_growing=True)
        return self._held_by_one(found, self._call(heard))[0]

    def judge(self, card: CardText, heard: str) -> Verdict:
        """Judge a complete card, every text of it. `heard` is what was said in the call."""
        verdict = self._say(card.say, card.source_key, self._call(heard))
        if verdict.ruling is Ruling.UNGROUNDED:
            return verdict
        entry = self._entries.get(card.source_key)
        for name in ASIDES:
            text = even(getattr(card, name))
            reason = self._aside(text, name, entry, self._call(heard)) if text.strip() else ""
            if reason:
                return Verdict(Ruling.UNGROUNDED, reason, field=name)
        return verdict

    def settle(self, card: CardText, heard: str) -> Settled:
        """Judge a card, and leave out those texts around its sentence that have no ground."""
        cuts: list[Verdict] = []
        while True:
            verdict = self.judge(card, heard)
            if verdict.ruling is Ruling.GROUNDED or verdict.field not in ASIDES:
                return Settled(card, verdict, tuple(cuts))
            cuts.append(verdict)
            card = _without(card, verdict.field)

    def _say(self, say: str, key: str, heard: Entry) -> Verdict:
        text = even(say).strip()
        if not text or len(text) > MAX_SAY:
            return Verdict(Ruling.UNGROUNDED, "length", field="say")
        reason = self._plain_reason(text, heard)
        found = claims.clauses(self._shortened(text), names=self._names)
        source = None
        if not reason and key:
            entry = self._entries.get(key)
            reason = "source" if entry is None else self._held(found, entry, heard)
            source = entry.source if entry else None
        elif not reason:
            reason, source = self._held_by_one(found, heard)
        if reason:
            return Verdict(Ruling.UNGROUNDED, reason, field="say")
        return Verdict(Ruling.GROUNDED, source=source)

    def _plain_reason(self, text: str, heard: Entry) -> str:
        """What needs no reading of clauses: unfit for any card, or a name that nobody knows."""
        reason = self._unfit.reason(text)
        if reason:
            return reason
        for match in _NAME.finditer(text):
            name = match.group()
            if name not in _COMMON_NAMES and not evidence.stems_of(name) <= self._known | heard.stems:
                return "name"
        return ""

    def _held_by_one(self, found: Sequence[tuple[Clause, ...]], heard: Entry) -> tuple[str, Source | None]:
        """No source is named: none may be needed, or one must hold it all."""
        reason = self._held(found, None, heard)
        if not reason:
            return "", None
        content = {word for row in found for clause in row for word in _looked_up(clause.content, clause.text)}
        shared = Counter(key for word in content for key in self._index.get(word, ()))
        for key, _ in shared.most_common(SOURCES_TRIED):
            if not self._held(found, self._entries[key], heard):
                return "", self._entries[key].source
        return reason, None

    def _held(self, found: Sequence[tuple[Clause, ...]], entry: Entry | None, heard: Entry) -> str:
        """Why the sentences are not held by this source, by the call, or by themselves; empty when they are."""
        says_yes = leans = False
        for row in found:
            leaning: list[str] = []
            for clause in row:
                reason = self._allowance.reason(clause, heard)
                if not reason:
                    continue
                if clause.is_yes:
                    says_yes = True
                    continue
                if entry is None or clause.does is Does.ASKS:
                    return "claim" if reason == "source" and _asks_and_claims(row) else reason
                reason = entry.holds_all(clause, self._names)
                if reason:
                    return reason
                if clause is row[0] and not clause.is_gerund and not set(clause.content[:1]) <= entry.stems:
                    return "source"
                leaning += clause.content
            leans = leans or bool(leaning)
            if leaning and entry is not None and not evidence.covers(entry.stems | self._names, leaning):
                return "source"
        return "source" if says_yes and not leans else ""

    def _aside(self, text: str, name: str, entry: Entry | None, heard: Entry) -> str:
        """Why a title, a reason or a further question may not be shown."""
        is_titled = name == "title" and len(_NAME.findall(text)) > 1
        reason = self._unfit.reason(text) if is_titled else self._plain_reason(text, heard)
        if reason or name == "question":
            found = claims.clauses(self._shortened(text), names=self._names)
            return reason or (self._held(found, entry, heard) if entry else self._held_by_one(found, heard)[0])
        if is_titled and not evidence.covers(self._known | heard.stems | claim_words.EMPATHY, claims.content_of(text)):
            return "name"
        for row in claims.clauses(self._shortened(text), names=self._names):
            for clause in row:
                reason = self._allowance.remark_reason(clause, entry or self._facts, heard, is_title=name == "title")
                if reason:
                    return reason
        return ""

    def listen(self, heard: str) -> None:
        """Read what was said ahead of the checks: it takes as long as several of them."""
        self._call(heard)

    def _call(self, heard: str) -> Entry:
        """What was said, read once for all checks of one card."""
        if heard != self._heard_text:
            self._heard, self._heard_text = evidence.heard_entry(heard), heard
        return self._heard

    def _shortened(self, text: str) -> str:
        """The business's whole name as its first word, so that the others count for nothing."""
        return self._business.sub(self._short, text) if self._short else text


def safe_part(say: str) -> str:
    """A growing sentence without its last, perhaps unfinished word."""
    head, space, _ = say.rpartition(" ")
    return head if space else ""


def _without(card: CardText, field: str) -> CardText:
    if field == "title":
        return replace(card, title="")
    return replace(card, why="") if field == "why" else replace(card, question="")


def _asks_and_claims(row: Iterable[Clause]) -> bool:
    kept = list(row)
    return any(one.does is Does.ASKS for one in kept) and any(strong_in(one.text) for one in kept)


def _together(entries: Iterable[Entry]) -> Entry:
    """All facts as one: what may be named at all."""
    kept = tuple(entries)
    return Entry(
        source=None,
        stems=frozenset[str]().union(*(entry.stems for entry in kept)),
        amounts=by_value(measure for entry in kept for measure in evidence.each(entry.amounts)),
        strong=frozenset[str]().union(*(entry.strong for entry in kept)),
        own_strong=frozenset[str]().union(*(entry.own_strong for entry in kept)),
        has_negation=any(entry.has_negation for entry in kept),
    )


def _looked_up(content: Iterable[str], text: str) -> tuple[str, ...]:
    """By what a source is found: words, and the values of amounts."""
    return (*content, *(str(measure.value) for measure in measures(text)))


def _index(entries: dict[str, Entry]) -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for key, entry in entries.items():
        for word in (*(entry.stems - claim_words.WEAK), *map(str, entry.amounts)):
            found.setdefault(word, []).append(key)
    return {word: tuple(keys) for word, keys in found.items()}


def _names(business: str, texts: str) -> tuple[re.Pattern[str], str]:
    """The business's name as a pattern, and the word of it that stands for the whole; empty if none is its own.

    A word that the business's `texts` also write small is an ordinary one: "Solar".
    """
    common = claim_words.WEAK | claim_words.OWN_NOUNS
    small = frozenset(re.findall(r"\b[a-z]+\b", texts))
    own = (
        part for part in business.split() if part.isalpha() and part.lower() not in small and stem(part) not in common
    )
    return re.compile(re.escape(business) or r"(?!)", re.IGNORECASE), next(own, "")
