"""What of a call was heard and saved before this process took it over: it is not written a second time. Pure.

A call that is not recorded is sent again from its last ack, which is as far as the slower channel was, or as its
first gap: the other channel is heard twice then. Gaps in the database say nothing of channels either.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from calls.speech.browser import NAME as BROWSER
from coaching.types import Channel, Line

EDGE_MS = 150
"""Two engines, or one twice, place a word about so differently."""


class Known:
    """`lines` of the log, and the `gaps` that are still open in it, as `(start_ms, end_ms)`."""

    def __init__(self, lines: Sequence[Line] = (), gaps: Sequence[tuple[int, int]] = ()) -> None:
        self._gaps = tuple(gaps)
        self._spans: dict[Channel, list[tuple[int, int]]] = {}
        for line in lines:
            self._spans.setdefault(line.channel, []).append((line.start_ms - EDGE_MS, line.end_ms + EDGE_MS))
        self._last_ms = {channel: max(end for _, end in spans) - EDGE_MS for channel, spans in self._spans.items()}
        self._through_ms: dict[Channel, int] = {}
        """Up to where an engine heard. A browser tells its own rep, and only while it is asked: that is no silence."""
        for line in lines:
            if line.provider != BROWSER:
                self._through_ms[line.channel] = max(line.end_ms, self._through_ms.get(line.channel, 0))

    def new_of(self, line: Line) -> Line | None:
        """The part of `line` that the log has not; None when it has all of it."""
        if line.start_ms >= self._last_ms.get(line.channel, 0):
            return line
        if not line.words:
            return None if self._has(line.channel, (line.start_ms + line.end_ms) // 2) else line
        words = tuple(word for word in line.words if not self._has(line.channel, (word.start_ms + word.end_ms) // 2))
        if len(words) == len(line.words):
            return line
        if not words:
            return None
        text = " ".join(word.text for word in words)
        return replace(line, text=text, words=words, start_ms=words[0].start_ms, end_ms=words[-1].end_ms)

    def _has(self, channel: Channel, at_ms: int) -> bool:
        if at_ms >= self._last_ms.get(channel, 0):
            return False
        if any(start <= at_ms <= end for start, end in self._spans.get(channel, ())):
            return True
        if at_ms >= self._through_ms.get(channel, 0):
            return False
        # Outside of gaps all that was said before the last line is in the log: there was nothing here.
        return not any(start <= at_ms <= end for start, end in self._gaps)
