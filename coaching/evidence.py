"""What a clause may lean on: an entry of the business's material, or what was said in the call. Pure.

Only approved facts are ground for sums, shares, numbers and claim words. A play may lend its words, not its figures;
those of the fact that it names count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from coaching import claim_words as words
from coaching.claims import Clause
from coaching.measures import Measure, even, holds, measures
from coaching.stems import stem
from coaching.types import Knowledge, Material, Play, Source

_LETTERS = re.compile(r"[^\W_]+(?:'[^\W_]+)*")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
UNHELD_SHARE = 3
"""At most every third content word of a sentence may be the model's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One source, or the call itself. `strong` are claim words that it vouches for, `own_strong` those it contains."""

    source: Source | None
    stems: frozenset[str]
    measures: tuple[Measure, ...]
    strong: frozenset[str]
    own_strong: frozenset[str]
    has_negation: bool = False

    def holds_all(self, clause: Clause) -> str:
        """Why this source does not hold a claim, in one word, or an empty string."""
        if not all(holds(measure, self.measures) for measure in measures(clause.text)):
            return "number"
        if not strong_in(clause.text) <= self.strong:
            return "claim"
        if words_in(clause.text) & words.NEGATIONS and not self.has_negation:
            return "claim"
        if not clause.content:
            return "" if stems_of(clause.text) <= self.stems else "source"
        return "" if any(word in self.stems for word in clause.content) else "source"


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
    return frozenset(stem(word) for word in _LETTERS.findall(text.lower()))


def fact_entry(fact: Knowledge) -> Entry:
    text = even(f"{fact.title}. {fact.body}")
    strong = strong_in(text)
    title = stems_of(even(fact.title))
    return Entry(
        source=source_of(fact),
        stems=stems_of(text),
        measures=tuple(
            replace(measure, near=title | stems_of(sentence))
            for sentence in _SENTENCE.split(text)
            for measure in measures(sentence)
        ),
        strong=strong,
        own_strong=strong,
        has_negation=bool(words_in(text) & words.NEGATIONS),
    )


def play_entry(play: Play, fact: Entry | None, shared: Iterable[Measure]) -> Entry:
    """`fact` is what the play leans on. Its own figures count as far as `shared`, those of all facts, holds them."""
    text = even(f"{play.title}. {play.say} {play.question} {play.why}")
    known = tuple(shared)
    figures = tuple(measure for measure in measures(text) if holds(measure, known))
    return Entry(
        source=Source(play.key, play.title),
        stems=stems_of(text) | (fact.stems if fact else frozenset()),
        measures=figures + (fact.measures if fact else ()),
        strong=fact.strong if fact else frozenset(),
        own_strong=strong_in(text),
        has_negation=bool(words_in(text) & words.NEGATIONS) or (fact is not None and fact.has_negation),
    )


def heard_entry(text: str) -> Entry:
    """What was said in the call. It vouches for nothing of ours."""
    kept = even(text)
    strong = strong_in(kept)
    return Entry(None, stems_of(kept), measures(kept), strong, strong, has_negation=True)


def entries_of(material: Material) -> dict[str, Entry]:
    """Every source by its key; a fact hides a play of the same key."""
    facts = {fact.key: fact_entry(fact) for fact in material.knowledge}
    shared = tuple(measure for entry in facts.values() for measure in entry.measures)
    plays = {play.key: play_entry(play, facts.get(play.source), shared) for play in material.plays}
    return plays | facts


def source_of(fact: Knowledge) -> Source:
    """What a card says about a fact it leans on: its title, and where the fact is from."""
    return Source(fact.key, fact.title, fact.source, fact.source_url)
