"""The rep's questions: substantive, open, per hour (METRICS.md). Pure."""

from __future__ import annotations

from dataclasses import dataclass

from calls.analysis.figures import Figure, ratio, spans_of
from calls.analysis.lexicons import LEADING, OPEN_STARTS, TAGS
from calls.analysis.speech import Speech, SpokenWord, tokens
from coaching.types import Channel

_HOUR_MS = 3_600_000
MINIMUM_WORDS = 3


@dataclass(frozen=True, slots=True)
class Question:
    channel: Channel
    text: str
    start_ms: int
    end_ms: int
    is_open: bool


def questions(speech: Speech, channel: Channel) -> list[Question]:
    """Substantive questions: sentences that end in "?", have 3 words or more and are no tag ("…, right?")."""
    found = []
    for turn in speech.turns:
        if turn.channel is not channel:
            continue
        for sentence in _sentences(turn.words):
            text = " ".join(word.text for word in sentence)
            if is_substantive(text):
                found.append(Question(channel, text, sentence[0].start_ms, sentence[-1].end_ms, is_open(text)))
    return found


def _sentences(words: tuple[SpokenWord, ...]) -> list[list[SpokenWord]]:
    sentences: list[list[SpokenWord]] = [[]]
    for word in words:
        sentences[-1].append(word)
        if word.text.endswith((".", "?", "!")):
            sentences.append([])
    return [sentence for sentence in sentences if sentence]


def is_substantive(text: str) -> bool:
    """A tag is the whole sentence or its last clause after a comma."""
    if not text.endswith("?") or len(tokens(text)) < MINIMUM_WORDS:
        return False
    *_, clause = text.replace("’", "'").split(",")
    return tuple(tokens(clause)) not in TAGS


def is_open(text: str) -> bool:
    """Starts with what, how, why, tell me, walk me through or help me understand, after "so", "and"…"""
    words = tokens(text.replace("’", "'").replace("'s", ""))
    while words and words[0] in LEADING:
        words = words[1:]
    return any(tuple(words[: len(start)]) == start for start in OPEN_STARTS)


def question_figures(speech: Speech) -> list[Figure]:
    asked = questions(speech, Channel.REP)
    opened = [question for question in asked if question.is_open]
    per_hour = ratio(
        "question_rate",
        len(asked) * _HOUR_MS,
        speech.clock_ms,
        unit="per_hour",
        denominator="call clock",
        spans=spans_of(asked),
    )
    return [
        per_hour,
        Figure("questions", len(asked), "count", spans=spans_of(asked)),
        Figure("open_questions", len(opened), "count", spans=spans_of(opened)),
    ]
