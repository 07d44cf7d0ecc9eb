"""Who spoke how much, how long, how fast (METRICS.md, conversation metrics). Pure.

Talk time `T` of a role is the time of its own turns and back-channels: pauses below 3 s inside a turn belong to
it, longer ones end it. So talk time and non-talk time (silences over 3 s) share one border, as in Amazon Contact
Lens, whose stated talk times this definition meets.
"""

from __future__ import annotations

import itertools

from calls.analysis.figures import NO_SPEECH, Figure, ratio, spans_of
from calls.analysis.intervals import Interval, total_ms, union
from calls.analysis.lexicons import FILLER_PHRASES, FILLERS
from calls.analysis.speech import Segment, Speech, Turn, tokens
from coaching.types import Channel

_MINUTE_MS = 60_000
INTERACTIVITY_MS = 5 * _MINUTE_MS
SHORT_REPLY_WORDS = 3


def talk_intervals(speech: Speech, channel: Channel) -> list[Interval]:
    pieces: list[Turn | Segment] = [*speech.turns, *speech.back_channels]
    return union((piece.start_ms, piece.end_ms) for piece in pieces if piece.channel is channel)


def talk_ms(speech: Speech, channel: Channel) -> int:
    return total_ms(talk_intervals(speech, channel))


def talk_time(speech: Speech, channel: Channel) -> Figure:
    return Figure(f"talk_time_{channel}", talk_ms(speech, channel), "ms", spans=spans_of(speech.of(channel)))


def talk_ratio_speech(speech: Speech) -> Figure:
    """`T_rep / (T_rep + T_customer)`."""
    rep, customer = talk_ms(speech, Channel.REP), talk_ms(speech, Channel.CUSTOMER)
    return ratio(
        "talk_ratio_speech",
        rep,
        rep + customer,
        unit="ratio",
        denominator="talk time of both sides",
        spans=spans_of(speech.segments),
    )


def talk_ratio_clock(speech: Speech) -> Figure:
    """`T_rep / call clock`."""
    rep = speech.of(Channel.REP)
    return ratio(
        "talk_ratio_clock",
        talk_ms(speech, Channel.REP),
        speech.clock_ms,
        unit="ratio",
        denominator="call clock",
        spans=spans_of(rep),
    )


def longest_turn(speech: Speech, channel: Channel, name: str) -> Figure:
    """The longest monologue (rep) or customer story: a role's longest turn, from first to last word."""
    turns = [turn for turn in speech.turns if turn.channel is channel]
    if not turns:
        return Figure(name, None, "ms", note=NO_SPEECH)
    longest = max(turns, key=lambda turn: turn.end_ms - turn.start_ms)
    return Figure(name, longest.end_ms - longest.start_ms, "ms", spans=spans_of([longest]))


def interactivity(speech: Speech) -> Figure:
    """Role switches per 5 minutes of call clock; replies of fewer than 3 words are no switch."""
    turns = [turn for turn in speech.turns if len(tokens(turn.text)) >= SHORT_REPLY_WORDS]
    switches = [after for before, after in itertools.pairwise(turns) if before.channel is not after.channel]
    return ratio(
        "interactivity",
        len(switches) * INTERACTIVITY_MS,
        speech.clock_ms,
        unit="per_5_min",
        denominator="call clock",
        spans=spans_of(switches),
    )


def talk_speed(speech: Speech, channel: Channel) -> Figure:
    """Words per minute of own talk time."""
    words = sum(len(segment.words) for segment in speech.of(channel))
    return ratio(
        f"talk_speed_{channel}",
        words * _MINUTE_MS,
        talk_ms(speech, channel),
        unit="words_per_min",
        denominator=f"talk time of the {channel}",
        spans=spans_of(speech.of(channel)),
    )


def filler_rate(speech: Speech, channel: Channel) -> Figure:
    """Fillers per minute of own talk time. A filler phrase ("you know") counts once."""
    found = [(segment, count_fillers(segment.text)) for segment in speech.of(channel)]
    return ratio(
        f"filler_rate_{channel}",
        sum(count for _, count in found) * _MINUTE_MS,
        talk_ms(speech, channel),
        unit="per_min",
        denominator=f"talk time of the {channel}",
        spans=spans_of(segment for segment, count in found if count),
    )


def count_fillers(text: str) -> int:
    words = tokens(text)
    pairs = itertools.pairwise(words)
    return sum(word in FILLERS for word in words) + sum(pair in FILLER_PHRASES for pair in pairs)


def active_listening(speech: Speech) -> Figure:
    """How often the rep acknowledged without taking the turn."""
    heard = [piece for piece in speech.back_channels if piece.channel is Channel.REP]
    return Figure("active_listening", len(heard), "count", spans=spans_of(heard))
