"""All figures of one call, from its lines. Pure; this is what a report stores and a screen draws."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from calls.analysis import flow, questions, sentiment, talk
from calls.analysis.coverage import coverage
from calls.analysis.figures import ONE_CHANNEL, Figure
from calls.analysis.intervals import Interval
from calls.analysis.speech import Speech, speech_of, words_of
from coaching.types import Channel, Line


@dataclass(frozen=True, slots=True)
class Conversation:
    """The figures by name, who spoke when, and the customer's turns with their sentiment.

    `has_roles` False: both people are on one channel, every figure that needs a role has no value.
    """

    has_roles: bool
    speech: Speech
    figures: dict[str, Figure]
    moods: tuple[sentiment.Mood, ...]

    def to_json(self) -> dict[str, Any]:
        """`figures` by name; `timeline` by channel as `[start_ms, end_ms]`; `moods` as `[start, end, word]`."""
        return {
            "has_roles": self.has_roles,
            "start_ms": self.speech.start_ms,
            "end_ms": self.speech.end_ms,
            "figures": {name: figure.to_json() for name, figure in self.figures.items()},
            "timeline": {
                channel.value: [[piece.start_ms, piece.end_ms] for piece in self.speech.of(channel)]
                for channel in Channel
            },
            "moods": [[mood.start_ms, mood.end_ms, mood.sentiment.value] for mood in self.moods],
        }


def analyse(
    lines: Sequence[Line], *, channels: int, untranscribed: Iterable[Interval] = (), with_sentiment: bool = True
) -> Conversation:
    """Figures of METRICS.md. `untranscribed` are gaps of the call that have no words (yet).

    `with_sentiment` False: nothing about the customer's mood is worked out.
    """
    speech = speech_of(words_of(line for line in lines if line.is_final))
    has_roles = channels > 1
    moods = sentiment.sentiment_figures(speech) if with_sentiment else []
    figures = [*_role_figures(speech), *moods, *_shared_figures(speech), coverage(speech, list(untranscribed))]
    if not has_roles:
        figures = [_without_role(figure) for figure in figures]
    return Conversation(
        has_roles=has_roles,
        speech=speech,
        figures={figure.name: figure for figure in figures},
        moods=tuple(sentiment.moods(speech)) if has_roles and with_sentiment else (),
    )


SHARED = frozenset({"non_talk_time", "coverage", "call_clock"})
"""Figures that need no roles."""


def _role_figures(speech: Speech) -> list[Figure]:
    return [
        talk.talk_ratio_speech(speech),
        talk.talk_ratio_clock(speech),
        *(talk.talk_time(speech, channel) for channel in Channel),
        talk.longest_turn(speech, Channel.REP, "longest_monologue"),
        talk.longest_turn(speech, Channel.CUSTOMER, "longest_customer_story"),
        talk.interactivity(speech),
        *flow.patience(speech),
        flow.rushed_replies(speech),
        *questions.question_figures(speech),
        *(talk.talk_speed(speech, channel) for channel in Channel),
        *(talk.filler_rate(speech, channel) for channel in Channel),
        *flow.interruption_figures(speech),
        *flow.overtalk(speech),
        talk.active_listening(speech),
    ]


def _shared_figures(speech: Speech) -> list[Figure]:
    return [Figure("call_clock", speech.clock_ms, "ms"), flow.non_talk(speech)]


def _without_role(figure: Figure) -> Figure:
    return figure if figure.name in SHARED else replace(figure, value=None, spans=(), note=ONE_CHANNEL)
