"""Two ears hear a call by turns: the engine, and while it can not, the rep's browser. Nothing is told by both. Pure.

The browser goes on until it is told that the engine hears again, and its last sentence may come after that; the engine
may begin in the middle of a sentence which the browser tells whole.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from calls.speech.browser import NAME as BROWSER
from coaching.types import Channel, Line

MOST_SPANS = 500

Spans = deque[tuple[Channel, int, int]]


class Told:
    """What each ear has told as final. Bound: the newest 500 lines of each are remembered."""

    def __init__(self) -> None:
        self._by_browser: Spans = deque(maxlen=MOST_SPANS)
        self._by_engine: Spans = deque(maxlen=MOST_SPANS)

    def add(self, line: Line) -> None:
        spans = self._by_browser if line.provider == BROWSER else self._by_engine
        spans.append((line.channel, line.start_ms, line.end_ms))

    def rest_of(self, line: Line) -> Line | None:
        """The part of `line` that the other ear has not told; None when that ear has told its middle, or all of it."""
        others = self._by_engine if line.provider == BROWSER else self._by_browser
        spans = [(start_ms, end_ms) for channel, start_ms, end_ms in others if channel is line.channel]
        if _covers(spans, (line.start_ms + line.end_ms) // 2):
            return None
        words = tuple(word for word in line.words if not _covers(spans, (word.start_ms + word.end_ms) // 2))
        if len(words) == len(line.words):
            return line
        text = " ".join(word.text for word in words)
        return (
            replace(line, text=text, words=words, start_ms=words[0].start_ms, end_ms=words[-1].end_ms)
            if words
            else None
        )


def _covers(spans: list[tuple[int, int]], at_ms: int) -> bool:
    return any(start_ms <= at_ms <= end_ms for start_ms, end_ms in spans)
