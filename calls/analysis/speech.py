"""Words → segments → back-channels → turns: the building blocks of METRICS.md. Pure.

Times are integer milliseconds on the capture clock. A *segment* is words of one channel with inner gaps up to
1.0 s. A *back-channel* ("mm", "right") is a short segment, mostly lexicon words, wholly inside the other role's
turn: never a turn, never an interruption. A *turn* joins segments of one role while gaps are under 3 s and the
other role said nothing but back-channels.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from calls.analysis.lexicons import BACK_CHANNELS
from coaching.types import Channel, Line

SEGMENT_GAP_MS = 1_000
TURN_GAP_MS = 3_000
BACK_CHANNEL_WORDS = 3
BACK_CHANNEL_MS = 1_000

_TOKEN = re.compile(r"[a-z0-9]+(?:['’-][a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """One word as recognised, with its punctuation."""

    channel: Channel
    text: str
    start_ms: int
    end_ms: int
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Segment:
    channel: Channel
    words: tuple[SpokenWord, ...]

    @property
    def start_ms(self) -> int:
        return self.words[0].start_ms

    @property
    def end_ms(self) -> int:
        return max(word.end_ms for word in self.words)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Turn:
    channel: Channel
    segments: tuple[Segment, ...]

    @property
    def start_ms(self) -> int:
        return self.segments[0].start_ms

    @property
    def end_ms(self) -> int:
        return self.segments[-1].end_ms

    @property
    def words(self) -> tuple[SpokenWord, ...]:
        return tuple(word for segment in self.segments for word in segment.words)

    @property
    def text(self) -> str:
        return " ".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Speech:
    """A call's speech. `segments` has everything said, back-channels too; `turns` are in order of their start."""

    segments: tuple[Segment, ...]
    back_channels: tuple[Segment, ...]
    turns: tuple[Turn, ...]

    def of(self, channel: Channel) -> tuple[Segment, ...]:
        return tuple(segment for segment in self.segments if segment.channel is channel)

    @property
    def start_ms(self) -> int:
        return min((segment.start_ms for segment in self.segments), default=0)

    @property
    def end_ms(self) -> int:
        return max((segment.end_ms for segment in self.segments), default=0)

    @property
    def clock_ms(self) -> int:
        """The call clock: first to last speech."""
        return self.end_ms - self.start_ms


def tokens(text: str) -> list[str]:
    """Words without punctuation, lower case."""
    return _TOKEN.findall(text.lower())


def words_of(lines: Iterable[Line]) -> list[SpokenWord]:
    """Every word of the final lines. A line without word times (a browser's) spreads its words evenly."""
    words: list[SpokenWord] = []
    for line in lines:
        if line.words:
            words.extend(
                SpokenWord(line.channel, word.text, word.start_ms, word.end_ms, word.confidence) for word in line.words
            )
        else:
            words.extend(_spread(line))
    return words


def _spread(line: Line) -> list[SpokenWord]:
    texts = line.text.split()
    length = max(line.end_ms - line.start_ms, 0)
    edges = [line.start_ms + length * index // max(len(texts), 1) for index in range(len(texts) + 1)]
    return [
        SpokenWord(line.channel, text, edges[index], edges[index + 1], line.confidence)
        for index, text in enumerate(texts)
    ]


def speech_of(words: Iterable[SpokenWord]) -> Speech:
    """The whole chain. Words may come in any order; those without a letter or digit are left out."""
    ordered = sorted((word for word in words if tokens(word.text)), key=lambda word: (word.start_ms, word.end_ms))
    segments = sorted(
        (segment for channel in Channel for segment in _segments(ordered, channel)),
        key=lambda segment: (segment.start_ms, segment.channel.index),
    )
    back_channels = _back_channels(segments)
    hidden = set(map(id, back_channels))
    spoken = [segment for segment in segments if id(segment) not in hidden]
    turns = sorted(_turns(spoken, spoken), key=lambda turn: (turn.start_ms, turn.channel.index))
    return Speech(tuple(segments), tuple(back_channels), tuple(turns))


def _segments(words: Iterable[SpokenWord], channel: Channel) -> list[Segment]:
    groups: list[list[SpokenWord]] = []
    end_ms = 0
    for word in words:
        if word.channel is not channel:
            continue
        if groups and word.start_ms - end_ms <= SEGMENT_GAP_MS:
            groups[-1].append(word)
            end_ms = max(end_ms, word.end_ms)
        else:
            groups.append([word])
            end_ms = word.end_ms
    return [Segment(channel, tuple(group)) for group in groups]


def _turns(segments: Sequence[Segment], breakers: Sequence[Segment]) -> list[Turn]:
    """Joins segments of each role across gaps under 3 s in which no breaker of the other role sounds."""
    turns: list[Turn] = []
    for channel in Channel:
        others = [segment for segment in breakers if segment.channel is not channel]
        group: list[Segment] = []
        for segment in segments:
            if segment.channel is not channel:
                continue
            if group and not _joins(group[-1], segment, others):
                turns.append(Turn(channel, tuple(group)))
                group = []
            group.append(segment)
        if group:
            turns.append(Turn(channel, tuple(group)))
    return turns


def _joins(before: Segment, after: Segment, others: Sequence[Segment]) -> bool:
    if after.start_ms - before.end_ms >= TURN_GAP_MS:
        return False
    return not any(other.start_ms < after.start_ms and other.end_ms > before.end_ms for other in others)


def _back_channels(segments: Sequence[Segment]) -> list[Segment]:
    """Candidates that lie wholly inside a turn of the other role.

    Turns are first built as if every candidate were one. An answer to a question is none, however short: the
    turn that asked has ended, it only waits.
    """
    candidates = [segment for segment in segments if is_acknowledgement(segment)]
    hidden = set(map(id, candidates))
    provisional = _turns(segments, [segment for segment in segments if id(segment) not in hidden])
    return [candidate for candidate in candidates if any(_is_inside(candidate, turn) for turn in provisional)]


def is_acknowledgement(segment: Segment) -> bool:
    """Short (up to 3 words or 1 s) and mostly words of the lexicon, wherever it stands."""
    words = tokens(segment.text)
    is_short = len(words) <= BACK_CHANNEL_WORDS or segment.end_ms - segment.start_ms <= BACK_CHANNEL_MS
    return is_short and 2 * sum(word in BACK_CHANNELS for word in words) > len(words)


def _is_inside(candidate: Segment, turn: Turn) -> bool:
    if turn.channel is candidate.channel:
        return False
    if candidate.start_ms < turn.start_ms or candidate.end_ms > turn.end_ms:
        return False
    said = [word for word in turn.words if word.end_ms <= candidate.start_ms]
    speaks_on = any(word.start_ms < candidate.end_ms and word.end_ms > candidate.start_ms for word in turn.words)
    return speaks_on or not (said and said[-1].text.endswith("?"))
