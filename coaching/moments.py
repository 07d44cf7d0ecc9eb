"""The moments of a call and the life of its objections: raised → handled → returned → open. Pure.

An objection is handled when the rep answers on its topic, or when the customer accepts after the rep has
answered at all; it returns when the same topic is raised again; at hang-up what is not handled is open.
"""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from coaching.signals.text import words_of
from coaching.types import Channel, Line, Moment, MomentState, Signal, SignalKind

KEPT_KINDS = frozenset(SignalKind) - {SignalKind.QUESTION}
REPEAT_MS = 30_000
ANSWER_WORDS = 6
ACCEPT_WITHIN_MS = 60_000

_ACCEPTS = re.compile(
    r" (?:(?:that|this|it|which) (?:makes|would make) (?:a lot of |perfect |more )?sense|fair enough|(?:sounds|seems|looks|is|would be) (?:good|great|fair|reasonable|fine|perfect|okay|ok|better|workable)|"
    r"that (?:helps|works|is helpful|is fair|is good to know|answers|would work|could work|clears)|good to know|i (?:see|understand|get it|like that)|"
    r"okay (?:good|great|then)|all right then|works for (?:me|us)|i can live with that|no problem then|good point|got it)(?= )"
)
_TOPIC_WORDS: dict[str, str] = {
    "price": r"price\w*|cost\w*|budget\w*|invest\w*|roi|return|sav\w+|pay\w*|value|cheap\w*|expens\w*|dollars?|percent|month\w*|per|financ\w+|money|worth",
    "timing": r"time|timing|week\w*|month\w*|quarter|year|wait\w*|later|start\w*|soon\w*|busy|when|priorit\w+|delay\w*|schedul\w+|pilot",
    "authority": r"boss|manager|team|decision\w*|decid\w+|involve\w*|together|summary|stakeholder\w*|approv\w+|partner|share|include|join\w*|cfo|board|spouse|wife|husband",
    "need": r"need\w*|problem\w*|use\w*|help\w*|today|current\w*|process|challenge\w*|goal\w*|without|improv\w+|why|how",
    "status_quo": r"current\w*|today|switch\w*|already|alongside|compare\w*|different\w*|keep|existing|replac\w+|like|change\w*|work\w*",
    "trust": r"customers?|reference\w*|guarantee\w*|trial|years?|review\w*|proof|prove|case|speak|introduc\w+|visit|warranty|risk",
    "contract": r"contract\w*|cancel\w*|commit\w*|month\w*|term\w*|notice|flexib\w+|annual\w*|year\w*|leave|exit",
    "implementation": r"implement\w*|set ?up|install\w*|onboard\w*|train\w*|migrat\w+|days?|weeks?|team|support\w*|import\w*|step\w*|integrat\w+",
    "security": r"secur\w+|data|encrypt\w*|certif\w*|audit\w*|compl\w+|gdpr|privacy|stored?|hosted|access|questionnaire",
    "brush_off": r"send|email|before|which|what|question\w*|useful|minutes?|quick\w*|most|specific\w*|look",
}


@dataclass(slots=True)
class _Life:
    moment: Moment
    rep_words: int = 0
    is_answered: bool = False


class Moments:
    """The moments of one call, in memory: a few dozen at most, one per objection topic."""

    def __init__(self) -> None:
        self._objections: dict[str, _Life] = {}
        self._last: dict[tuple[SignalKind, str], int] = {}
        self._kept: list[Moment] = []

    @property
    def all(self) -> tuple[Moment, ...]:
        """Every moment in its newest state, in order of speech."""
        lives = {life.moment.id: life.moment for life in self._objections.values()}
        return tuple(lives.get(moment.id, moment) for moment in self._kept)

    def restore(self, moments: Iterable[Moment]) -> None:
        """Take over the moments of a log, in order; the last of the same id counts."""
        for moment in moments:
            self._last[moment.kind, moment.topic] = moment.start_ms
            self._kept = [kept for kept in self._kept if kept.id != moment.id] + [moment]
            if moment.kind is SignalKind.OBJECTION:
                self._objections[moment.topic] = _Life(moment)

    def on_signal(self, signal: Signal) -> Moment | None:
        """A confirmed signal; the moment to publish, new or returned, or None when it is one already told."""
        if signal.kind not in KEPT_KINDS:
            return None
        if signal.kind is SignalKind.OBJECTION:
            return self._objection(signal)
        key = (signal.kind, signal.topic)
        last = self._last.get(key)
        self._last[key] = signal.start_ms
        if last is not None and signal.start_ms - last < REPEAT_MS:
            return None
        return self._keep(signal)

    def on_line(self, line: Line) -> tuple[Moment, ...]:
        """A final line: objections it handles, to publish again."""
        text = " " + " ".join(words_of(line.text)) + " "
        handled = []
        for life in self._objections.values():
            if life.moment.state not in (MomentState.RAISED, MomentState.RETURNED):
                continue
            if line.start_ms < life.moment.end_ms:
                continue
            if _handles(life, line, text):
                life.moment = replace(life.moment, state=MomentState.HANDLED)
                handled.append(life.moment)
        return tuple(handled)

    def hang_up(self) -> tuple[Moment, ...]:
        """Objections that nobody answered, now `open`."""
        opened = []
        for life in self._objections.values():
            if life.moment.state in (MomentState.RAISED, MomentState.RETURNED):
                life.moment = replace(life.moment, state=MomentState.OPEN)
                opened.append(life.moment)
        return tuple(opened)

    def _objection(self, signal: Signal) -> Moment | None:
        life = self._objections.get(signal.topic)
        if life is None:
            moment = self._keep(signal)
            self._objections[signal.topic] = _Life(moment)
            return moment
        life.rep_words, life.is_answered = 0, False
        if life.moment.state is not MomentState.HANDLED:
            return None
        life.moment = replace(
            life.moment,
            state=MomentState.RETURNED,
            signal_id=signal.id,
            quote=signal.quote,
            start_ms=signal.start_ms,
            end_ms=signal.end_ms,
        )
        return life.moment

    def _keep(self, signal: Signal) -> Moment:
        moment = Moment(
            id=f"m-{signal.id}",
            signal_id=signal.id,
            kind=signal.kind,
            topic=signal.topic,
            state=MomentState.RAISED,
            quote=signal.quote,
            start_ms=signal.start_ms,
            end_ms=signal.end_ms,
        )
        self._kept.append(moment)
        return moment


def _handles(life: _Life, line: Line, text: str) -> bool:
    if line.channel is Channel.REP:
        life.rep_words += text.count(" ") - 1
        life.is_answered = life.is_answered or _is_on_topic(life.moment.topic, text)
        return life.is_answered and life.rep_words >= ANSWER_WORDS
    is_soon = line.start_ms - life.moment.end_ms <= ACCEPT_WITHIN_MS
    return is_soon and life.rep_words > 0 and bool(_ACCEPTS.search(text))


def _is_on_topic(topic: str, text: str) -> bool:
    words = _TOPIC_WORDS.get(topic) or re.escape(topic.replace("_", " ").replace("-", " "))
    return re.search(rf"(?<= )(?:{words})(?= )", text) is not None
