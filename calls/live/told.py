"""Two ears hear a call by turns: the engine, and while it can not, the rep's browser. Nothing is told twice. Pure.

The browser goes on until it is told that the engine hears again, and its last sentence may come after that; the engine
may begin in the middle of a sentence which the browser tells whole, and the browser in the middle of the engine's.
"""

from __future__ import annotations

from collections import deque

from calls.speech.browser import NAME as BROWSER
from calls.speech.spans import Span, covers, rest_of, span_of
from coaching.types import Channel, Line

MOST_BY_BROWSER, MOST_BY_ENGINE = 500, 5_000

Spans = deque[tuple[Channel, int, int]]


class Told:
    """What each ear has told as final. Bound: the newest 500 lines of the browser, 5,000 of the engine, 500 gaps."""

    def __init__(self) -> None:
        self._by_browser: Spans = deque(maxlen=MOST_BY_BROWSER)
        self._by_engine: Spans = deque(maxlen=MOST_BY_ENGINE)
        self._unheard: Spans = deque(maxlen=MOST_BY_BROWSER)
        self._last: dict[Channel, Line] = {}

    def unheard(self, channel: Channel, start_ms: int, end_ms: int) -> None:
        """Live, nobody hears this stretch: a live line that reaches over it tells nothing of it."""
        self._unheard.append((channel, start_ms, end_ms))

    def add(self, line: Line) -> None:
        start_ms, end_ms = span_of(line, self._last.get(line.channel))
        if not line.recovered:
            self._last[line.channel] = line
        if line.provider == BROWSER:
            self._by_browser.append((line.channel, start_ms, end_ms))
            return
        parts = [(start_ms, end_ms)]
        for gap_start, gap_end in () if line.recovered else _of(self._unheard, line.channel):
            parts = [part for low, high in parts for part in ((low, min(high, gap_start)), (max(low, gap_end), high))]
            parts = [(low, high) for low, high in parts if low < high]
        self._by_engine.extend((line.channel, low, high) for low, high in parts)

    def rest_of(self, line: Line) -> Line | None:
        """The part of `line` that is not told yet; None when there is none.

        Where the engine has told its middle, all of a browser's line counts as told: its times are not exact. A
        recovered line may meet words of the engine itself: two gaps, told for two reasons, may hold the same audio.
        """
        if line.provider == BROWSER:
            told = _of(self._by_engine, line.channel)
            return None if covers(told, (line.start_ms + line.end_ms) // 2) else rest_of(line, told)
        rest = rest_of(line, _of(self._by_browser, line.channel))
        return rest_of(rest, _of(self._by_engine, line.channel)) if rest and line.recovered else rest


def _of(spans: Spans, channel: Channel) -> list[Span]:
    return [(start_ms, end_ms) for whose, start_ms, end_ms in spans if whose is channel]
