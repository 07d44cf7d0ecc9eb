"""A report's words without a model: the customer's own sentences, chosen by what they hold. Pure and repeatable."""

# ruff: noqa: E501 - a pattern is data: one a line reads better than broken strings.
from __future__ import annotations

import re
from collections.abc import Sequence

from coaching.llm.base import Summary
from coaching.types import Channel, Line, Moment, MomentState, SignalKind

MAX_POINTS = 6
MAX_STEPS = 5
MAX_SENTENCE = 220
_NEED = re.compile(
    r"\b(?:need|want|looking for|problem|struggl\w+|currently|today we|our goal|would like|deadline|budget|important|"
    r"decid\w+|because|team of|people)\b",
    re.IGNORECASE,
)
_COMMITS = re.compile(
    r"\b(?:(?:i|we)(?:'ll| will| can) (?:send|call|email|follow|set|schedule|prepare|get|talk|meet|share|book)|let's|"
    r"(?:on|by|next) (?:monday|tuesday|wednesday|thursday|friday|week|month)|tomorrow|calendar|invite|proposal|trial|demo)\b",
    re.IGNORECASE,
)


def summarise(lines: Sequence[Line], moments: Sequence[Moment]) -> Summary:
    """Three to five sentences about the call, its points with their moments, its next steps with their lines."""
    if not lines:
        return Summary("Nothing was said on this call, or nothing was recognised.", (), (), "extractive")
    return Summary(
        text=" ".join(_story(lines, moments)),
        key_points=tuple(_points(lines, moments)),
        next_steps=tuple(_steps(lines, moments)),
        origin="extractive",
    )


def _story(lines: Sequence[Line], moments: Sequence[Moment]) -> list[str]:
    minutes = max(1, round((lines[-1].end_ms - lines[0].start_ms) / 60_000))
    plural = "minute" if minutes == 1 else "minutes"
    story = [f"A call of about {minutes} {plural}."]
    need = max(
        (line for line in lines if line.channel is Channel.CUSTOMER and _NEED.search(line.text)),
        key=lambda line: min(len(line.text), MAX_SENTENCE),
        default=None,
    )
    if need is not None:
        story.append(f"In the customer's words: “{_clip(need.text)}”")
    story.extend(_about(moments))
    return story


def _about(moments: Sequence[Moment]) -> list[str]:
    objections = [moment for moment in moments if moment.kind is SignalKind.OBJECTION]
    sentences = []
    if objections:
        handled = sum(moment.state is MomentState.HANDLED for moment in objections)
        topics = ", ".join(dict.fromkeys(_topic(moment) for moment in objections))
        sentences.append(f"Objections: {topics}; {handled} of {len(objections)} handled.")
    rivals = list(dict.fromkeys(_topic(moment) for moment in moments if moment.kind is SignalKind.COMPETITOR))
    if rivals:
        sentences.append(f"Competitors named: {', '.join(rivals)}.")
    if any(moment.kind is SignalKind.BUYING_SIGNAL for moment in moments):
        sentences.append("The customer gave buying signals.")
    return sentences


def _points(lines: Sequence[Line], moments: Sequence[Moment]) -> list[tuple[str, int | None]]:
    told = [
        (
            f"{moment.kind.value.replace('_', ' ').capitalize()}, {_topic(moment)}: “{_clip(moment.quote)}”",
            moment.start_ms,
        )
        for moment in moments
        if moment.kind in (SignalKind.OBJECTION, SignalKind.BUYING_SIGNAL, SignalKind.COMPETITOR)
    ]
    if len(told) < 2:
        told += [
            (f"{line.channel.value.capitalize()}: “{_clip(line.text)}”", line.start_ms)
            for line in lines
            if _NEED.search(line.text)
        ]
    return [*told[:MAX_POINTS]]


def _steps(lines: Sequence[Line], moments: Sequence[Moment]) -> Sequence[tuple[str, int | None]]:
    steps = [(_clip(moment.quote), moment.start_ms) for moment in moments if moment.kind is SignalKind.NEXT_STEP]
    if not steps:
        steps = [(_clip(line.text), line.start_ms) for line in lines[-12:] if _COMMITS.search(line.text)]
    # One sentence may hold two signals ("send the proposal and let's meet"): it is said once, where it begins.
    first: dict[str, int] = {}
    for text, start_ms in steps:
        first.setdefault(text, start_ms)
    return [*first.items()][-MAX_STEPS:]


def _topic(moment: Moment) -> str:
    """The topic in words; a competitor's is a name, kept as a slug."""
    words = moment.topic.replace("_", " ").replace("-", " ")
    return words.title() if moment.kind is SignalKind.COMPETITOR else words


def _clip(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MAX_SENTENCE else text[: MAX_SENTENCE - 1].rsplit(" ", 1)[0] + "…"
