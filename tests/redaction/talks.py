"""Talks of two, line by line, through one redactor."""

from __future__ import annotations

from collections.abc import Collection

from calls.redaction import Redactor
from coaching.types import Channel, Line, Word

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER
LINE_MS, PAUSE_MS = 1_500, 1_000


def line(text: str, *, channel: Channel = CUSTOMER, start_ms: int = 0, is_final: bool = True, number: int = 0) -> Line:
    """With a word for each word, evenly timed."""
    texts = text.split()
    step = LINE_MS // max(1, len(texts))
    words = tuple(Word(each, start_ms + at * step, start_ms + (at + 1) * step, 0.9) for at, each in enumerate(texts))
    return Line(channel, text, start_ms, start_ms + LINE_MS, 0.9, is_final, number, "local", words)


def heard(talk: str, kinds: Collection[str] = ("pci", "ssn"), pause_ms: int = PAUSE_MS) -> list[str]:
    """What stays of `talk`, whose lines begin with `R:` or `C:`."""
    redactor = Redactor(kinds)
    kept = []
    for number, said in enumerate(filter(None, map(str.strip, talk.splitlines()))):
        who, text = said[:1], said[2:].strip()
        start_ms = number * (LINE_MS + pause_ms)
        spoken = line(text, channel=REP if who == "R" else CUSTOMER, start_ms=start_ms, number=number)
        kept.append(f"{who}: {redactor.hear(spoken).line.text}")
    return kept
