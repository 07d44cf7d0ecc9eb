"""The business's plays, compiled: which phrases were said, and which play answers a signal. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from coaching.signals import guards
from coaching.signals.detector import Hit
from coaching.signals.text import STOPS, Even, words_of
from coaching.types import Channel, Play, SignalKind

GENERAL = "general"
PHRASE_CONFIDENCE = 0.8
MAX_EXPRESSION = 300
_ENDING = re.compile(r"(?:ing|ed|es|s|e|y)$")
_NESTED = re.compile(r"\([^()]*[+*][^()]*\)[+*{]")
_CUSTOMER_ONLY = frozenset({SignalKind.OBJECTION, SignalKind.BUYING_SIGNAL, SignalKind.QUESTION})
_NEGATIONS = frozenset({"not", "no", "never", "without", "nothing", "none"})


class BadPattern(ValueError):
    """A phrase or expression that can not be used; the message says which and why, for people."""


@dataclass(frozen=True, slots=True)
class PlayHit:
    """A play's own phrase in a line, at tokens first..last."""

    play: Play
    first: int
    last: int
    is_closed: bool

    def as_hit(self) -> Hit:
        return Hit(self.play.kind, self.play.topic, PHRASE_CONFIDENCE, self.first, self.last, self.is_closed)


@dataclass(frozen=True, slots=True)
class _Compiled:
    """`anchors`: one of them stands in every text that the phrases match; None when that can not be known."""

    play: Play
    anchors: tuple[str, ...] | None
    plain: re.Pattern[str] | None
    negative: re.Pattern[str] | None
    unless: re.Pattern[str] | None


class Playbook:
    """Plays ready to match. Compiled once per call or shared; a bad pattern is left out, the admin refuses it."""

    def __init__(self, plays: tuple[Play, ...]) -> None:
        self._plays = tuple(_compile(play) for play in plays)
        self._by_topic: dict[tuple[SignalKind, str], Play] = {}
        for play in sorted(plays, key=lambda play: play.priority):
            self._by_topic[play.kind, play.topic] = play

    def match(self, even: Even, channel: Channel | None) -> tuple[PlayHit, ...]:
        """Plays whose phrases this line says, best priority first. `channel` None: the speaker is not known."""
        hits = []
        for compiled in self._plays:
            if not _listens(compiled.play, channel) or not _may_match(compiled, even.text):
                continue
            hit = _match(compiled, even)
            if hit is not None:
                hits.append(hit)
        return tuple(sorted(hits, key=lambda hit: -hit.play.priority))

    def answer(self, hit: Hit, phrases: Iterable[PlayHit]) -> Play | None:
        """The play for a signal: one whose phrase was said, else the topic's, else the kind's general play."""
        for phrase in phrases:
            same_topic = phrase.play.topic == hit.topic
            overlaps = phrase.first <= hit.last and hit.first <= phrase.last
            if phrase.play.kind is hit.kind and (same_topic or (overlaps and hit.kind is not SignalKind.COMPETITOR)):
                return phrase.play
        return self._by_topic.get((hit.kind, hit.topic)) or self._by_topic.get((hit.kind, GENERAL))


def with_phrases(hits: Iterable[Hit], phrases: Iterable[PlayHit]) -> tuple[Hit, ...]:
    """Detected hits plus those that only a play's phrase found; a phrase inside a hit of its kind adds none."""
    merged = list(hits)
    for phrase in phrases:
        own = phrase.as_hit()
        if not any(hit.kind is own.kind and (hit.topic == own.topic or hit.overlaps(own)) for hit in merged):
            merged.append(own)
    return tuple(merged)


def phrase_pattern(phrase: str) -> str:
    """One phrase as an expression over even text: whole words, light inflection, `*` for up to three words."""
    if phrase.lower().startswith("re:"):
        return _expression(phrase[3:].strip())
    parts: list[str] = []
    for piece in phrase.split():
        if piece == "*":
            parts.append(r"(?:[\w']+ ){0,3}")
            continue
        parts.extend(_inflected(word) + " " for word in words_of(piece) if word not in STOPS)
    if not any(part[0] != "(" or "\\w" not in part for part in parts):
        raise BadPattern(f"“{phrase}” has no word in it.")
    return "".join(parts).removesuffix(" ")


def check_patterns(text: str) -> tuple[str, ...]:
    """Phrases of a text field, one a line; raises `BadPattern` naming the first that can not be used."""
    phrases = tuple(line.strip() for line in text.splitlines() if line.strip())
    for phrase in phrases:
        phrase_pattern(phrase)
    return phrases


def _expression(expression: str) -> str:
    if not expression:
        raise BadPattern("“re:” needs an expression after it.")
    if len(expression) > MAX_EXPRESSION:
        raise BadPattern(f"“re:{expression[:40]}…” is longer than {MAX_EXPRESSION} characters.")
    if _NESTED.search(expression):
        raise BadPattern(f"“re:{expression}” repeats a repetition, which can take forever: write it flatter.")
    try:
        compiled = re.compile(expression)
    except re.error as error:
        raise BadPattern(f"“re:{expression}” is not a regular expression: {error}.") from error
    if compiled.groups:
        expression = re.sub(r"(?<!\\)\((?!\?)", "(?:", expression)
    if compiled.match(""):
        raise BadPattern(f"“re:{expression}” matches nothing at all, so it would always fire.")
    return f"(?i:{expression})"


def _inflected(word: str) -> str:
    stem = _stem(word)
    if stem == word and (len(word) < 4 or not word.isalpha()):
        return re.escape(word)
    doubled = stem[-1] if stem[-1] not in "aeiou" else ""
    return f"{re.escape(stem)}(?:{doubled}(?:ing|ed|er))?(?:e|es|s|ed|d|ing|er|y|ies|ied|ey)?"


def _stem(word: str) -> str:
    """The part of a word that its inflections share; short words and numbers stay as they are."""
    stem = _ENDING.sub("", word) if len(word) >= 4 and word.isalpha() else word
    return stem if len(stem) >= 3 else word


def _compile(play: Play) -> _Compiled:
    plain: list[str] = []
    negative: list[str] = []
    for phrase in play.patterns:
        pattern = _quiet(phrase)
        if pattern is not None:
            (negative if _NEGATIONS & set(words_of(phrase)) else plain).append(pattern)
    unless = [pattern for pattern in map(_quiet, play.unless) if pattern is not None]
    return _Compiled(play, _anchors(play.patterns), _any(plain), _any(negative), _any(unless))


def _anchors(phrases: Iterable[str]) -> tuple[str, ...] | None:
    """The longest stem of each phrase: looking for them costs a hundredth of the expressions."""
    anchors = set()
    for phrase in phrases:
        words = [word for piece in phrase.split() for word in words_of(piece) if word not in STOPS]
        if phrase.lower().startswith("re:") or not words:
            return None
        anchors.add(max((_stem(word) for word in words), key=len))
    return tuple(anchors)


def _may_match(compiled: _Compiled, text: str) -> bool:
    return compiled.anchors is None or any(anchor in text for anchor in compiled.anchors)


def _quiet(phrase: str) -> str | None:
    try:
        return phrase_pattern(phrase)
    except BadPattern:
        return None


def _any(patterns: list[str]) -> re.Pattern[str] | None:
    return re.compile(r"(?<= )(?:" + "|".join(patterns) + r")(?= )") if patterns else None


def _listens(play: Play, channel: Channel | None) -> bool:
    if channel is None:
        return True
    if play.kind in _CUSTOMER_ONLY and channel is not Channel.CUSTOMER:
        return False
    return play.channel is None or play.channel is channel


def _match(compiled: _Compiled, even: Even) -> PlayHit | None:
    for expression, is_plain in ((compiled.plain, True), (compiled.negative, False)):
        if expression is None:
            continue
        for match in expression.finditer(even.text):
            first, last = even.index_at(match.start()), even.index_at(match.end() - 1)
            if last < even.lead or guards.is_turned(even, compiled.play.kind, match.start(), match.end()):
                continue
            if is_plain and guards.is_negated(even, match.start()):
                continue
            if compiled.unless is not None and compiled.unless.search(even.text):
                return None
            return PlayHit(compiled.play, first, last, is_closed=last < len(even.tokens) - 1)
    return None
