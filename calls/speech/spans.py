"""Which stretches of a call are told already, by whom ever, and what is left of a line beside them. Pure.

An engine's times are exact. A browser's line begins when its first words had been recognised, up to a second after they
were said; but its first line, after another ear's, begins where it began to hear: what lies before is nobody's yet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from calls.speech.browser import NAME as BROWSER
from coaching.types import Channel, Line, Word

BROWSER_LATE_MS = 1_000
BROWSER_RESTS_MS = 30_000
"""After so long without a line of the browser the next one counts as its first."""

Span = tuple[int, int]


def span_of(line: Line, before: Line | None, *, edge_ms: int = 0) -> Span:
    """What `line` tells, in ms. `before`: the line told before it on its channel. `edge_ms`: how exact times are."""
    if line.provider != BROWSER:
        return line.start_ms - edge_ms, line.end_ms + edge_ms
    goes_on = before is not None and before.provider == BROWSER and line.start_ms - before.end_ms < BROWSER_RESTS_MS
    return line.start_ms - (BROWSER_LATE_MS if goes_on else 0), line.end_ms + edge_ms


def spans_of(lines: Iterable[Line], *, edge_ms: int = 0) -> dict[Channel, list[Span]]:
    """Of all lines, by channel. A recovered line says nothing of who heard at that time."""
    spans: dict[Channel, list[Span]] = {}
    before: dict[Channel, Line] = {}
    for line in sorted(lines, key=lambda each: each.start_ms):
        spans.setdefault(line.channel, []).append(span_of(line, before.get(line.channel), edge_ms=edge_ms))
        if not line.recovered:
            before[line.channel] = line
    return spans


def rest_of(line: Line, told: Sequence[Span]) -> Line | None:
    """The words of `line` outside of `told`; None when there are none. Without words it goes by its middle."""
    if not line.words:
        return None if covers(told, (line.start_ms + line.end_ms) // 2) else line
    return with_words(line, [word for word in line.words if not covers(told, middle(word))])


def with_words(line: Line, words: Sequence[Word]) -> Line | None:
    """`line` with only these of its words."""
    if len(words) == len(line.words):
        return line
    if not words:
        return None
    text = " ".join(word.text for word in words)
    return replace(line, text=text, words=tuple(words), start_ms=words[0].start_ms, end_ms=words[-1].end_ms)


def middle(word: Word) -> int:
    return (word.start_ms + word.end_ms) // 2


def covers(told: Sequence[Span], at_ms: int) -> bool:
    return any(start_ms <= at_ms <= end_ms for start_ms, end_ms in told)
