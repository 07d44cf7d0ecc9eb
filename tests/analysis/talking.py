"""Writing down who said what when, for tests: `said("rep", 0.0, 2.0, "Hello there")`."""

from __future__ import annotations

from calls.analysis.speech import Speech, SpokenWord, speech_of
from coaching.types import Channel

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER


def said(channel: str, start_s: float, end_s: float, text: str) -> list[SpokenWord]:
    """The words of `text`, evenly over the time, without gaps."""
    words = text.split()
    start, length = round(start_s * 1000), round((end_s - start_s) * 1000)
    edges = [start + length * index // len(words) for index in range(len(words) + 1)]
    return [SpokenWord(Channel(channel), word, edges[index], edges[index + 1], 0.9) for index, word in enumerate(words)]


def talk(*pieces: list[SpokenWord]) -> Speech:
    return speech_of(word for piece in pieces for word in piece)
