"""What of a call was heard and saved before this process took it over: it is not written a second time. Pure.

A call that is not recorded is sent again from its last ack, which is as far as the slower channel was, or as its
first gap: the other channel is heard twice then. Gaps in the database say nothing of channels either.
"""

from __future__ import annotations

from collections.abc import Sequence

from calls.speech.browser import NAME as BROWSER
from calls.speech.spans import covers, middle, spans_of, with_words
from coaching.types import Channel, Line

EDGE_MS = 150
"""Two engines, or one twice, place a word about so differently."""


class Known:
    """`lines` of the log, and the `gaps` that are still open in it, as `(start_ms, end_ms)`."""

    def __init__(self, lines: Sequence[Line] = (), gaps: Sequence[tuple[int, int]] = ()) -> None:
        self._gaps = tuple(gaps)
        self._spans = spans_of(lines, edge_ms=EDGE_MS)
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
        return with_words(line, [word for word in line.words if not self._has(line.channel, middle(word))])

    def _has(self, channel: Channel, at_ms: int) -> bool:
        if at_ms >= self._last_ms.get(channel, 0):
            return False
        if covers(self._spans.get(channel, ()), at_ms):
            return True
        if at_ms >= self._through_ms.get(channel, 0):
            return False
        # Outside of gaps all that was said before the last line is in the log: there was nothing here.
        return not any(start <= at_ms <= end for start, end in self._gaps)
