"""Finds signals in one line. Compiled once per material; pure, typically far below one millisecond a line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from coaching.signals import buying, guards, objections, talk
from coaching.signals.hits import Hit
from coaching.signals.labels import Label, label_of
from coaching.signals.rules import Rule, compile_patterns
from coaching.signals.text import STOPS, Even, words_of
from coaching.signals.weighing import Scales
from coaching.types import Channel, SignalKind

SPEAKER_UNKNOWN = None
MIN_QUESTION_WORDS = 4


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    expression: re.Pattern[str]


_RULES: tuple[_Compiled, ...] = tuple(
    _Compiled(rule, compile_patterns(rule.patterns)) for rule in (*objections.RULES, *buying.RULES, *talk.RULES)
)
_ASKS = re.compile(r"^ (?:" + talk.ASKS + ")")
_SMALL_TALK = re.compile(r" (?:" + talk.SMALL_TALK + r")(?= )")
_TOPICS = tuple((topic, re.compile(r"(?<= )(?:" + words + r")(?= )")) for topic, words in talk.QUESTION_TOPICS)


def slug(name: str) -> str:
    """A rival's name as a topic: lower case, dashes."""
    return "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "competitor"


def name_pattern(name: str) -> str:
    """A name as recognisers may write it: "SalesBeam" also as "sales beam", "Pipe-Works" as "pipeworks"."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return r" ?".join(re.escape(word) for word in words_of(spaced) if word not in STOPS)


class Detector:
    """All rules, the classifier and the business's competitors. Stateless after construction; one may serve many calls.

    `aliases` are other spellings of competitors, as `(spelling, name)`. `thresholds` are what a label's probability
    must reach in this business, where that is not what was measured.
    """

    def __init__(
        self,
        competitors: tuple[str, ...],
        aliases: tuple[tuple[str, str], ...] = (),
        thresholds: Mapping[Label, float] | None = None,
    ) -> None:
        self._scales = Scales(thresholds or {})
        names = {name: name for name in competitors}
        names.update(dict(aliases))
        patterns = {name_pattern(spelling): slug(name) for spelling, name in names.items()}
        patterns.pop("", None)
        self._topics = list(patterns.values())
        self._rivals = (
            re.compile(r"(?<= )(?:" + "|".join(f"({pattern})" for pattern in patterns) + r")(?= )")
            if patterns
            else None
        )

    def detect(self, even: Even, channel: Channel | None) -> tuple[Hit, ...]:
        """Signals of one line, in order of speech. `channel` None means that the speaker is not known.

        Of overlapping objections the more confident, then the longer, is kept; other kinds may overlap.
        """
        if len(even.tokens) <= even.lead:
            return ()
        found = list(matches(even, channel))
        hits = list(_settle([*_rule_hits(even, found), *self._rival_hits(even), *_questions(even, channel)]))
        if channel is not Channel.REP:
            hits = self._scales.weigh(even, tuple(evidence(found)), hits)
        return tuple(sorted(hits, key=lambda hit: (hit.first, hit.last)))

    def likelihoods(self, even: Even, channel: Channel | None) -> dict[Label, float]:
        """How likely the line means each label, whatever is shown of it."""
        return self._scales.probabilities(even, tuple(evidence(matches(even, channel))))

    def _rival_hits(self, even: Even) -> Iterator[Hit]:
        if self._rivals is None:
            return
        for match in self._rivals.finditer(even.text):
            topic = self._topics[(match.lastindex or 1) - 1]
            hit = _hit(even, SignalKind.COMPETITOR, topic, 0.95, match)
            if hit is not None:
                yield hit


def matches(even: Even, channel: Channel | None) -> Iterator[tuple[Rule, re.Match[str], bool]]:
    """Every place where a rule's words stand, and whether they are meant there."""
    for compiled in _RULES:
        rule = compiled.rule
        if channel is not None and channel not in rule.channels:
            continue
        for match in compiled.expression.finditer(even.text):
            yield rule, match, _means_it(even, rule, match.start(), match.end())


def evidence(found: Iterable[tuple[Rule, re.Match[str], bool]]) -> Iterator[str]:
    """What the rules say of a line, as names for the classifier: topics that are meant, and those that are turned."""
    for rule, _, is_meant in found:
        label = label_of(rule.kind, rule.topic)
        if label is not None:
            yield f"r:{label}:{is_meant}"
            yield f"r:{rule.topic}:{is_meant}"


def _means_it(even: Even, rule: Rule, start: int, end: int) -> bool:
    if not rule.says_no and rule.kind in guards.GUARDED_BY_NOT and guards.is_negated(even, start):
        return False
    return not guards.is_turned(even, rule.kind, start, end)


def _rule_hits(even: Even, found: Iterable[tuple[Rule, re.Match[str], bool]]) -> Iterator[Hit]:
    for rule, match, is_meant in found:
        hit = _hit(even, rule.kind, rule.topic, rule.confidence, match) if is_meant else None
        if hit is not None:
            yield hit


def _hit(even: Even, kind: SignalKind, topic: str, confidence: float, match: re.Match[str]) -> Hit | None:
    """The match as tokens; None when it was all said in the line before."""
    first, last = even.index_at(match.start()), even.index_at(match.end() - 1)
    if last < even.lead:
        return None
    return Hit(kind, topic, confidence, first, last, is_closed=last < len(even.tokens) - 1)


def _questions(even: Even, channel: Channel | None) -> Iterator[Hit]:
    """Questions of the customer: by their mark, or by their first words where the recogniser writes none."""
    if channel is Channel.REP:
        return
    first = even.lead
    for number in range(even.lead, len(even.tokens)):
        token = even.tokens[number]
        is_last = number == len(even.tokens) - 1
        if token.text not in STOPS and not is_last:
            continue
        last = number if token.text not in STOPS else number - 1
        hit = _question(even, first, last, marked=token.text == "?", closed=token.text in STOPS)
        if hit is not None:
            yield hit
        first = number + 1


def _question(even: Even, first: int, last: int, *, marked: bool, closed: bool) -> Hit | None:
    if last - first + 1 < MIN_QUESTION_WORDS:
        return None
    text = " " + " ".join(token.text for token in even.tokens[first : last + 1]) + " "
    if _SMALL_TALK.search(text) or not (marked or _ASKS.match(text)):
        return None
    topic = next((topic for topic, words in _TOPICS if words.search(text)), "general")
    return Hit(SignalKind.QUESTION, topic, 0.9 if marked else 0.75, first, last, is_closed=closed)


def _settle(hits: list[Hit]) -> Iterator[Hit]:
    """One hit per kind and topic, the first; overlapping objections settle on the better one."""
    seen: set[tuple[SignalKind, str]] = set()
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (-hit.confidence, hit.first - hit.last)):
        if (hit.kind, hit.topic) in seen:
            continue
        if hit.kind is SignalKind.OBJECTION and any(
            other.kind is SignalKind.OBJECTION and other.overlaps(hit) for other in kept
        ):
            continue
        seen.add((hit.kind, hit.topic))
        kept.append(hit)
    yield from kept
