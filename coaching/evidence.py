"""What a clause may lean on: an entry of the business's material, or what was said in the call. Pure.

Only approved facts are ground for sums, shares, numbers and claim words. A play may lend its words, not its figures;
those of the fact that it names count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from coaching import claim_words as words
from coaching.claims import Clause, content_of
from coaching.measures import Amounts, Measure, by_value, even, holds, measures
from coaching.stems import stem
from coaching.types import Knowledge, Material, Play, Source

_LETTERS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_PREPOSITION = re.compile(
    r"\s+(?:with|by|for|in|within|without|to|under|on|from|into|of|at|during|until)\s+", re.IGNORECASE
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
UNHELD_SHARE = 3
"""At most every third content word of a sentence may be the model's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One source, or the call itself. `strong` are claim words that it vouches for, `own_strong` those it contains."""

    source: Source | None
    stems: frozenset[str]
    amounts: Amounts
    strong: frozenset[str]
    own_strong: frozenset[str]
    has_negation: bool = False

    def says(self, strong: Iterable[str]) -> bool:
        """Whether the words of these claims occur in it."""
        return {word for phrase in strong for word in phrase.split()} <= self.stems

    def holds_all(self, clause: Clause, names: frozenset[str] = frozenset()) -> str:
        """Why this source does not hold a claim, in one word, or an empty string.

        Of each part of it ("certified", "under ISO 27001", "by the government") it must hold something.
        """
        if not all(holds(measure, self.amounts) for measure in measures(clause.text)):
            return "number"
        if not strong_in(clause.text) <= self.strong:
            return "claim"
        said = words_in(clause.text)
        if said & words.NEGATIONS and not self.has_negation:
            return "claim"
        if not {stem("all" if word == "every" else word) for word in said & words.STRETCHING} <= self.stems:
            return "claim"
        if not clause.content:
            return "" if stems_of(clause.text) <= self.stems else "source"
        parts = (set(content_of(part, names)) for part in _PREPOSITION.split(clause.text))
        return "" if all(not part or part & self.stems for part in parts) else "source"


def covers(held: frozenset[str], content: Iterable[str]) -> bool:
    """Whether nearly all content words are held: every third may be another."""
    kept = list(content)
    return UNHELD_SHARE * sum(word not in held for word in kept) <= len(kept)


def strong_in(text: str) -> frozenset[str]:
    """The claim words of a text, as stems."""
    return frozenset(" ".join(map(stem, match.group().lower().split())) for match in words.STRONG.finditer(text))


def words_in(text: str) -> frozenset[str]:
    found = set(_LETTERS.findall(text.lower()))
    return frozenset(found | {"not" for word in found if word.endswith("n't") or word == "cannot"})


def stems_of(text: str) -> frozenset[str]:
    found = frozenset(stem(word) for word in _LETTERS.findall(text.lower()))
    return found | {"all"} if "every" in found or "everi" in found else found


def fact_entry(fact: Knowledge) -> Entry:
    text = even(f"{fact.title}. {fact.body}")
    strong = strong_in(text)
    title = stems_of(even(fact.title))
    return Entry(
        source=source_of(fact),
        stems=stems_of(text),
        amounts=by_value(
            replace(measure, near=title | stems_of(sentence))
            for sentence in _SENTENCE.split(text)
            for measure in measures(sentence)
        ),
        strong=strong,
        own_strong=strong,
        has_negation=bool(words_in(text) & words.NEGATIONS),
    )


def play_entry(play: Play, fact: Entry | None, shared: Amounts) -> Entry:
    """`fact` is what the play leans on. Its own figures count as far as `shared`, those of all facts, holds them."""
    text = even(f"{play.title}. {play.say} {play.question} {play.why}")
    figures = [measure for measure in measures(text) if holds(measure, shared)]
    if fact is not None:
        figures += each(fact.amounts)
    return Entry(
        source=Source(play.key, play.title),
        stems=stems_of(text) | (fact.stems if fact else frozenset()),
        amounts=by_value(figures),
        strong=fact.strong if fact else frozenset(),
        own_strong=strong_in(text),
        has_negation=bool(words_in(text) & words.NEGATIONS) or (fact is not None and fact.has_negation),
    )


def each(amounts: Amounts) -> tuple[Measure, ...]:
    return tuple(measure for found in amounts.values() for measure in found)


def heard_entry(text: str) -> Entry:
    """What was said in the call. It vouches for nothing of ours."""
    kept = even(text)
    return Entry(None, stems_of(kept), by_value(measures(kept)), frozenset(), frozenset(), has_negation=True)


def entries_of(material: Material) -> dict[str, Entry]:
    """Every source by its key; a fact hides a play of the same key."""
    facts = {fact.key: fact_entry(fact) for fact in material.knowledge}
    shared = by_value(measure for entry in facts.values() for measure in each(entry.amounts))
    plays = {play.key: play_entry(play, facts.get(play.source), shared) for play in material.plays}
    return plays | facts


def source_of(fact: Knowledge) -> Source:
    """What a card says about a fact it leans on: its title, and where the fact is from."""
    return Source(fact.key, fact.title, fact.source, fact.source_url)
