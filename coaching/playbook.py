"""The business's plays, compiled: which phrases a line says, and which plays answer a signal. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from coaching.phrases import Phrase, beginnings, usable
from coaching.signals import guards
from coaching.signals.hits import Hit
from coaching.signals.text import Even
from coaching.types import Channel, Match, Play, SignalKind, Subject, Trigger

GENERAL = "general"
PHRASE_CONFIDENCE = 0.8
_CUSTOMER_ONLY = frozenset({SignalKind.OBJECTION, SignalKind.BUYING_SIGNAL, SignalKind.QUESTION})


@dataclass(frozen=True, slots=True)
class PlayHit:
    """A play's own phrase in a line, at tokens first..last."""

    play: Play
    first: int
    last: int
    is_closed: bool

    @property
    def is_signal(self) -> bool:
        """Whether the phrase alone means the play's kind and topic; else it is only one part of a condition."""
        return self.play.trigger is Trigger.SAID and self.play.match is Match.ANY

    def as_hit(self) -> Hit:
        return Hit(self.play.kind, self.play.topic, PHRASE_CONFIDENCE, self.first, self.last, self.is_closed)


@dataclass(frozen=True, slots=True)
class _Compiled:
    play: Play
    phrases: tuple[Phrase, ...]
    unless: tuple[Phrase, ...]


class Playbook:
    """Plays ready to match. Compiled once per call or shared; a bad pattern is left out, the admin refuses it."""

    def __init__(self, plays: tuple[Play, ...]) -> None:
        self.plays = plays
        self._by_stem: dict[str, list[tuple[_Compiled, Phrase]]] = defaultdict(list)
        self._always: list[tuple[_Compiled, Phrase]] = []
        self._by_subject: dict[Subject, list[Play]] = defaultdict(list)
        for play in sorted(plays, key=lambda play: (-play.priority, play.key)):
            self._index(play)

    def _index(self, play: Play) -> None:
        compiled = _Compiled(play, usable(play.patterns), usable(play.unless))
        for phrase in compiled.phrases:
            if phrase.stems:
                self._by_stem[max(phrase.stems, key=len)].append((compiled, phrase))
            else:
                self._always.append((compiled, phrase))
        if play.trigger is Trigger.SAID and play.match is Match.ANY:
            for subject in play.subjects:
                self._by_subject[subject].append(play)

    def match(self, even: Even, channel: Channel | None) -> tuple[PlayHit, ...]:
        """Plays whose phrases this line says, best priority first. `channel` None: the speaker is not known."""
        said = beginnings(even)
        candidates: dict[str, tuple[_Compiled, list[Phrase]]] = {}
        for compiled, phrase in self._candidates(said):
            if _listens(compiled.play, channel):
                candidates.setdefault(compiled.play.key, (compiled, []))[1].append(phrase)
        hits = (_match(compiled, phrases, even, said) for compiled, phrases in candidates.values())
        return tuple(
            sorted((hit for hit in hits if hit is not None), key=lambda hit: (-hit.play.priority, hit.play.key))
        )

    def _candidates(self, said: frozenset[str]) -> Iterator[tuple[_Compiled, Phrase]]:
        yield from self._always
        for stem in said & self._by_stem.keys():
            for compiled, phrase in self._by_stem[stem]:
                if phrase.stems <= said:
                    yield compiled, phrase

    def answers(self, hit: Hit, phrases: Iterable[PlayHit]) -> Iterator[Play]:
        """Plays for a signal, best first: those whose phrase was said, then the topic's, then the kind's own."""
        for phrase in phrases:
            same_topic = phrase.play.topic == hit.topic
            overlaps = phrase.first <= hit.last and hit.first <= phrase.last
            is_about_it = same_topic or (overlaps and hit.kind is not SignalKind.COMPETITOR)
            if phrase.is_signal and phrase.play.kind is hit.kind and is_about_it:
                yield phrase.play
        for topic in dict.fromkeys((hit.topic, GENERAL, "")):
            yield from self._by_subject.get(Subject(hit.kind, topic), ())


def with_phrases(hits: Iterable[Hit], phrases: Iterable[PlayHit]) -> tuple[Hit, ...]:
    """Detected hits plus those that only a play's phrase found; a phrase inside a hit of its kind adds none."""
    merged = list(hits)
    for phrase in phrases:
        own = phrase.as_hit()
        if phrase.is_signal and not any(
            hit.kind is own.kind and (hit.topic == own.topic or hit.overlaps(own)) for hit in merged
        ):
            merged.append(own)
    return tuple(merged)


def _listens(play: Play, channel: Channel | None) -> bool:
    if channel is None:
        return True
    if play.trigger is Trigger.SAID and play.kind in _CUSTOMER_ONLY and channel is not Channel.CUSTOMER:
        return False
    return play.channel is None or play.channel is channel


def _match(compiled: _Compiled, phrases: list[Phrase], even: Even, said: frozenset[str]) -> PlayHit | None:
    """The first place where one of the phrases is meant as it is said."""
    found = ((match, phrase) for phrase in phrases for match in phrase.found(even))
    for match, phrase in sorted(found, key=lambda pair: (pair[1].is_negative, pair[0].start())):
        first, last = even.index_at(match.start()), even.index_at(match.end() - 1)
        if last < even.lead or not _is_meant(compiled.play, phrase, even, match):
            continue
        if any(stop.stems <= said and next(stop.found(even), None) for stop in compiled.unless):
            return None
        return PlayHit(compiled.play, first, last, is_closed=last < len(even.tokens) - 1)
    return None


def _is_meant(play: Play, phrase: Phrase, even: Even, match: re.Match[str]) -> bool:
    if guards.is_turned(even, play.kind, match.start(), match.end()):
        return False
    return phrase.is_negative or not guards.is_negated(even, match.start())
