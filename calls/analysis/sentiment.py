"""How the customer's words sound: positive, neutral or negative, from text only and of the customer only. Pure.

Never of the rep and never from tone: emotion recognition of workers is forbidden in the EU (AI Act Art. 5(1)(f)).

Score of a quarter, −5…+5: every turn weighs 1, the n-th equal turn in a row weighs `1 + (n − 1) / 2`, at most 2
(frequency and streaks); score = 5 · (weight of positive − weight of negative) / weight of all. The call is the
mean of its quarters; a quarter in which the customer said nothing has no score and leaves the mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import fmean

from calls.analysis.figures import Figure, Span
from calls.analysis.lexicons import NEGATION_REACH, NEGATIONS, NEGATIVE, POSITIVE
from calls.analysis.speech import Speech, Turn, tokens
from coaching.types import Channel

QUARTERS = 4
_HEAVIEST = 2.0


class Sentiment(StrEnum):
    POSITIVE = "positive"
    NEUTRAL = "neutral"
    NEGATIVE = "negative"


_SIGN = {Sentiment.POSITIVE: 1, Sentiment.NEUTRAL: 0, Sentiment.NEGATIVE: -1}


@dataclass(frozen=True, slots=True)
class Mood:
    """One customer turn's sentiment."""

    sentiment: Sentiment
    start_ms: int
    end_ms: int


def sentiment_of(text: str) -> Sentiment:
    """Positive minus negative words; a negation up to 3 words before a word changes its side."""
    words = tokens(text.replace("’", "'"))
    score = 0
    for index, word in enumerate(words):
        side = (word in POSITIVE) - (word in NEGATIVE)
        if side and NEGATIONS & set(words[max(0, index - NEGATION_REACH) : index]):
            side = -side
        score += side
    if score == 0:
        return Sentiment.NEUTRAL
    return Sentiment.POSITIVE if score > 0 else Sentiment.NEGATIVE


def moods(speech: Speech) -> list[Mood]:
    return [
        Mood(sentiment_of(turn.text), turn.start_ms, turn.end_ms)
        for turn in speech.turns
        if turn.channel is Channel.CUSTOMER
    ]


def score(sequence: Sequence[Sentiment]) -> float | None:
    """The score of one quarter, or None without turns."""
    weights: dict[Sentiment, float] = dict.fromkeys(Sentiment, 0.0)
    streak, before = 0, None
    for each in sequence:
        streak = streak + 1 if each is before else 1
        weights[each] += min(1 + (streak - 1) / 2, _HEAVIEST)
        before = each
    total = sum(weights.values())
    return 5 * sum(_SIGN[each] * weight for each, weight in weights.items()) / total if total else None


def sentiment_figures(speech: Speech) -> list[Figure]:
    """Four quarters of the call clock, the call, and the shift from the first to the last scored quarter."""
    turns = moods(speech)
    quarters = [[mood for mood in turns if _quarter(mood, speech) == index] for index in range(QUARTERS)]
    scores = [score([mood.sentiment for mood in quarter]) for quarter in quarters]
    known = [each for each in scores if each is not None]
    silent = "" if known else "Not available: the customer said nothing."
    quarter = [
        Figure(
            f"sentiment_quarter_{index + 1}",
            each,
            "score",
            "customer turns of the quarter",
            _spans(quarters[index]),
            "" if each is not None else "Not available: the customer said nothing in this quarter.",
        )
        for index, each in enumerate(scores)
    ]
    marked = _spans([mood for mood in turns if mood.sentiment is not Sentiment.NEUTRAL])
    return [
        *quarter,
        Figure("sentiment", fmean(known) if known else None, "score", "quarters with customer turns", marked, silent),
        Figure("sentiment_shift", known[-1] - known[0] if known else None, "score", "", marked, silent),
    ]


def _quarter(mood: Mood | Turn, speech: Speech) -> int:
    """A turn belongs to the quarter in which it starts."""
    return min((mood.start_ms - speech.start_ms) * QUARTERS // max(speech.clock_ms, 1), QUARTERS - 1)


def _spans(turns: Sequence[Mood]) -> tuple[Span, ...]:
    return tuple(Span(Channel.CUSTOMER, mood.start_ms, mood.end_ms) for mood in turns)
