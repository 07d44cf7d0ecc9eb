"""Two ears hear a call by turns: the engine, and while it can not, the rep's browser. Nothing is told twice. Pure.

The browser goes on until it is told that the engine hears again, and its last sentence may come after that; the engine
may begin in the middle of a sentence which the browser tells whole.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from calls.speech.browser import NAME as BROWSER
from coaching.types import Channel, Line, Word

MOST_BY_BROWSER, MOST_BY_ENGINE = 500, 5_000
BEGINS_WITHIN_MS = 1_500
"""From being asked until a browser surely hears."""

Spans = deque[tuple[Channel, int, int]]


class Told:
    """What each ear has told as final. Bound: the newest 500 lines of the browser, 5,000 of the engine, 500 gaps."""

    def __init__(self) -> None:
        self._by_browser: Spans = deque(maxlen=MOST_BY_BROWSER)
        self._by_engine: Spans = deque(maxlen=MOST_BY_ENGINE)
        self._unheard: Spans = deque(maxlen=MOST_BY_BROWSER)
        self._asked_ms: deque[int] = deque(maxlen=MOST_BY_BROWSER)

    def asked(self, at_ms: int) -> None:
        """The browser is to hear from here on: whatever it tells, it has heard nothing that was said before."""
        self._asked_ms.append(at_ms)

    def unheard(self, channel: Channel, start_ms: int, end_ms: int) -> None:
        """Live, nobody hears this stretch: a live line that reaches over it tells nothing of it."""
        self._unheard.append((channel, start_ms, end_ms))

    def add(self, line: Line) -> None:
        if line.provider == BROWSER:
            self._by_browser.append((line.channel, line.start_ms, line.end_ms))
            return
        parts = [(line.start_ms, line.end_ms)]
        for channel, start_ms, end_ms in () if line.recovered else self._unheard:
            if channel is line.channel:
                parts = [part for low, high in parts for part in ((low, min(high, start_ms)), (max(low, end_ms), high))]
                parts = [(low, high) for low, high in parts if low < high]
        self._by_engine.extend((line.channel, low, high) for low, high in parts)

    def rest_of(self, line: Line) -> Line | None:
        """The part of `line` that is not told yet; None when there is none.

        Where the other ear has told its middle, all of it counts as told: a browser's times are not exact. But a
        browser that was asked in the middle has not heard its beginning. A recovered line may meet words of the
        engine itself: two gaps, told for two reasons, may hold the same audio.
        """
        if line.provider == BROWSER:
            return _rest(line, self._by_engine, goes_by_middle=True)
        rest = self._rest_of_engine(line)
        return _rest(rest, self._by_engine, goes_by_middle=False) if rest and line.recovered else rest

    def _rest_of_engine(self, line: Line) -> Line | None:
        # Word by word: it takes the browser a while to hear, and what it missed meanwhile must not be lost.
        is_its_first = any(line.start_ms < at + BEGINS_WITHIN_MS and at < line.end_ms for at in self._asked_ms)
        return _rest(line, self._by_browser, goes_by_middle=not is_its_first)


def _rest(line: Line, told: Spans, *, goes_by_middle: bool) -> Line | None:
    spans = [(start_ms, end_ms) for channel, start_ms, end_ms in told if channel is line.channel]
    if (goes_by_middle or not line.words) and _covers(spans, (line.start_ms + line.end_ms) // 2):
        return None
    return _with(line, tuple(word for word in line.words if not _covers(spans, _middle(word))))


def _with(line: Line, words: tuple[Word, ...]) -> Line | None:
    """`line` with only these of its words."""
    if len(words) == len(line.words):
        return line
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return replace(line, text=text, words=words, start_ms=words[0].start_ms, end_ms=words[-1].end_ms)


def _middle(word: Word) -> int:
    return (word.start_ms + word.end_ms) // 2


def _covers(spans: list[tuple[int, int]], at_ms: int) -> bool:
    return any(start_ms <= at_ms <= end_ms for start_ms, end_ms in spans)
