"""Moments of a stored call through a prompt version: what the rep would have seen. No screen, no clock of a call. Pure.

What the model is shown comes from the code that live calls use: the planner chooses the moments, `context` builds
the messages, `grounding` judges the answer. Left out is the attention budget, which depends on cards shown before, and
what depends on the end of a turn, which a log does not keep.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import islice, takewhile

from coaching import context, prompts
from coaching.grounding import Ground, Ruling
from coaching.llm.base import CardModel, CardText, ModelError, card_request, estimate
from coaching.planner import Ask, Planner
from coaching.types import Line, Material, Moment, MomentState, Signal, Usage

SEARCH_MS = 2_000
TICK_MS = 1_000
"""How often a live call looks for what waited."""

PURPOSE = "test"


class Outcome(StrEnum):
    """What became of one request."""

    SHOWN = "shown"
    DECLINED = "declined"
    UNGROUNDED = "ungrounded"
    LATE = "late"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Asked:
    """A moment at which a live call would have asked. `task` is the message after the fixed prefix."""

    signal: Signal
    heard: Line
    task: str
    said: str


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer. `reason` is a word for the outcome; times are None where there was nothing to time."""

    outcome: Outcome
    reason: str = ""
    say: str = ""
    title: str = ""
    why: str = ""
    source: str = ""
    first_words_ms: int | None = None
    total_ms: int | None = None
    usage: tuple[Usage, ...] = field(default=())


def retrace(entries: Iterable[Line | Signal | Moment], *, is_mono: bool = False) -> tuple[Asked, ...]:
    """The moments of one call, from its log in order: lines up to each signal, as the live call knew them.

    A signal whose line is not in the log is left out.
    """
    log = list(entries)
    lines = [entry for entry in log if isinstance(entry, Line)]
    heard_in: dict[int, list[Signal]] = {}
    for signal in (entry for entry in log if isinstance(entry, Signal)):
        line = _line_of(signal, lines)
        if line is not None:
            heard_in.setdefault(id(line), []).append(signal)
    planner, transcript = Planner(is_mono=is_mono), context.Transcript(is_mono=is_mono)
    moments: dict[str, Moment] = {}
    asked: list[Asked] = []

    def note(ask: Ask | None, at_ms: int) -> None:
        if ask is None:
            return
        planner.asked(ask, at_ms)
        messages = context.card_messages("", transcript, tuple(moments.values()), ask.signal, ask.line)
        said = f"{transcript.recent_text()} {ask.line.text}"
        asked.append(Asked(ask.signal, ask.line, messages[-1][1], said))

    until_ms = 0
    for place, entry in enumerate(log):
        if isinstance(entry, Moment):
            moments[entry.id] = entry
        if not isinstance(entry, Line):
            continue
        moments.update((moment.id, moment) for moment in _raised_by(islice(log, place + 1, None)))
        for at_ms in range(until_ms, entry.end_ms, TICK_MS):
            note(planner.due(at_ms), at_ms)
        note(planner.choose(heard_in.get(id(entry), ()), entry, entry.end_ms), entry.end_ms)
        planner.note(entry)
        transcript.add(entry, heard_in.get(id(entry), ()))
        until_ms = max(until_ms, entry.end_ms)
    return tuple(asked)


def _raised_by(after: Iterable[Line | Signal | Moment]) -> Iterator[Moment]:
    """The moments that a line raised, of what stands after it in the log: live they are known when it asks."""
    for entry in takewhile(lambda one: not isinstance(one, Line), after):
        if isinstance(entry, Moment) and entry.state in (MomentState.RAISED, MomentState.RETURNED):
            yield entry


def _line_of(signal: Signal, lines: Sequence[Line]) -> Line | None:
    """The final that says what the signal quotes: the channel's line that overlaps it most, else one close by."""
    own = [line for line in lines if line.channel is signal.channel]
    best = max(own, key=lambda line: _overlap_ms(signal, line), default=None)
    return best if best is not None and _overlap_ms(signal, best) > -SEARCH_MS else None


def _overlap_ms(signal: Signal, line: Line) -> int:
    """How long both last together; negative: how far they are apart."""
    return min(signal.end_ms, line.end_ms) - max(signal.start_ms, line.start_ms)


class Bench:
    """One prompt version ready to answer moments, with the same fixed prefix for all of them."""

    def __init__(
        self, material: Material, model: CardModel, *, cache_key: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._prompt = material.live_prompt
        self._prefix = prompts.live_prefix(material)
        self._ground = Ground(material)
        self._model = model
        self._cache_key = cache_key
        self._clock = clock

    async def answer(self, asked: Asked) -> Trial:
        """Ask once. Never raises because of the model: a failure is an outcome. Takes at most 6 s."""
        messages = (("system", self._prefix), ("user", asked.task))
        request = card_request(self._prompt, messages, cache_key=self._cache_key)
        started = self._clock()
        first_ms: int | None = None
        card: CardText | None = None
        said, usage = "", list[Usage]()
        reason = ""
        try:
            async with aclosing(self._model.stream_card(request)) as stream:
                async for item in stream:
                    if isinstance(item, Usage):
                        usage.append(item)
                        continue
                    first_ms = first_ms if first_ms is not None else self._since(started)
                    said, card = item.say, item if item.is_complete else card
        except ModelError as error:
            reason = error.reason
        total_ms = self._since(started)
        spent = tuple(usage) or estimate(self._model, request, said)
        trial = self._judged(card, asked, first_ms) if not reason else Trial(Outcome.FAILED, reason, said)
        metered = tuple(replace(entry, purpose=PURPOSE) for entry in spent)
        return replace(trial, first_words_ms=first_ms, total_ms=total_ms if not reason else None, usage=metered)

    def _since(self, started: float) -> int:
        return round((self._clock() - started) * 1_000)

    def _judged(self, card: CardText | None, asked: Asked, first_ms: int | None) -> Trial:
        if card is None or first_ms is None:
            return Trial(Outcome.FAILED, "empty")
        if not card.should_show:
            return Trial(Outcome.DECLINED)
        settled = self._ground.settle(card, asked.said)
        card, verdict = settled.card, settled.verdict
        trial = Trial(
            Outcome.SHOWN,
            say=card.say.strip(),
            title=card.title.strip(),
            why=card.why.strip(),
            source=verdict.source.title if verdict.source else "",
        )
        if verdict.ruling is Ruling.UNGROUNDED:
            return replace(trial, outcome=Outcome.UNGROUNDED, reason=verdict.reason)
        if first_ms > self._prompt.limits.deadline_ms:
            return replace(trial, outcome=Outcome.LATE)
        return trial
