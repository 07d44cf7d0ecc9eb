"""Lines that the browser recognised itself: checked, cleaned and in order. Pure.

The Web Speech interface gives text without word times; they are spread over the line by characters.
"""

from __future__ import annotations

import math
import unicodedata
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coaching.types import Channel, Line, Word

NAME = "browser"
MOST_CHARACTERS = 2_000
LONGEST_MS = 60_000
MOST_AHEAD_MS = 5_000
MOST_LINES_A_REQUEST = 50
MOST_REMEMBERED = 1_000
FIELDS = frozenset({"channel", "text", "start_ms", "end_ms", "confidence", "is_final", "utterance"})
REQUIRED = FIELDS - {"confidence"}


class BrowserLineError(Exception):
    """The line can not be taken. `reason` is fit for the answer and repeats nothing of the text."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class BrowserLine:
    """One line as the browser sent it, well-formed. `utterance` is the browser's own count."""

    channel: Channel
    text: str
    start_ms: int
    end_ms: int
    confidence: float
    is_final: bool
    utterance: int

    @classmethod
    def parse(cls, value: object) -> BrowserLine:
        """From one entry of the request's `lines`. Raises `BrowserLineError`."""
        if not isinstance(value, Mapping):
            raise BrowserLineError("each line is an object")
        if unknown := set(value) - FIELDS:
            raise BrowserLineError(f"unknown field: {min(str(name)[:40] for name in unknown)}")
        if missing := REQUIRED - set(value):
            raise BrowserLineError(f"missing field: {min(missing)}")
        is_final = value["is_final"]
        if not isinstance(is_final, bool):
            raise BrowserLineError("is_final is true or false")
        start_ms = _whole(value["start_ms"], "start_ms")
        end_ms = _whole(value["end_ms"], "end_ms")
        if not start_ms <= end_ms <= start_ms + LONGEST_MS:
            raise BrowserLineError(f"a line ends after it starts and lasts at most {LONGEST_MS} ms")
        return cls(
            channel=_channel(value["channel"]),
            text=_text(value["text"]),
            start_ms=start_ms,
            end_ms=end_ms,
            confidence=_confidence(value.get("confidence")),
            is_final=is_final,
            utterance=_whole(value["utterance"], "utterance"),
        )


def parse_lines(value: object) -> tuple[BrowserLine, ...]:
    """The request's body, `{"lines": [...]}`. Raises `BrowserLineError`: all of it is taken or none."""
    lines = value.get("lines") if isinstance(value, Mapping) else None
    if not isinstance(lines, list):
        raise BrowserLineError("send an object with a list of lines")
    if len(lines) > MOST_LINES_A_REQUEST:
        raise BrowserLineError(f"at most {MOST_LINES_A_REQUEST} lines in one request")
    return tuple(BrowserLine.parse(line) for line in lines)


class BrowserLines:
    """The lines of one call, in whatever order and however often they come.

    A final is told once; an interim after its final, or the same interim again, is dropped. Utterances are
    numbered from `first_utterance` on, so that they never meet those of an engine. Bound: the newest 1,000
    utterances are remembered; an older one that comes back is taken for new.
    """

    def __init__(self, channels: int, *, first_utterance: int = 0) -> None:
        self._channels = tuple(Channel)[:channels]
        self._next = first_utterance
        self._known: OrderedDict[tuple[Channel, int], tuple[int, str, bool]] = OrderedDict()

    def take(self, spoken: BrowserLine, *, now_ms: int) -> Line | None:
        """The line to publish, None for a repetition. `now_ms` is the capture clock as the server knows it.

        Raises `BrowserLineError` for a channel the call does not have or a time that has not come yet.
        """
        if spoken.channel not in self._channels:
            raise BrowserLineError("this call has one channel: rep")
        if spoken.end_ms > now_ms + MOST_AHEAD_MS:
            raise BrowserLineError("the line lies in the future of the call")
        key = (spoken.channel, spoken.utterance)
        known = self._known.get(key)
        if known is not None and (known[2] or (known[1] == spoken.text and not spoken.is_final)):
            return None
        if known is None and not spoken.text:
            return None
        utterance = known[0] if known else self._number()
        self._remember(key, (utterance, spoken.text, spoken.is_final))
        return Line(
            channel=spoken.channel,
            text=spoken.text,
            start_ms=spoken.start_ms,
            end_ms=spoken.end_ms,
            confidence=spoken.confidence,
            is_final=spoken.is_final and bool(spoken.text),
            utterance=utterance,
            provider=NAME,
            words=spread(spoken.text, spoken.start_ms, spoken.end_ms, spoken.confidence),
            ends_turn=spoken.is_final,
        )

    def _number(self) -> int:
        number, self._next = self._next, self._next + 1
        return number

    def _remember(self, key: tuple[Channel, int], value: tuple[int, str, bool]) -> None:
        self._known[key] = value
        self._known.move_to_end(key)
        if len(self._known) > MOST_REMEMBERED:
            self._known.popitem(last=False)


def spread(text: str, start_ms: int, end_ms: int, confidence: float) -> tuple[Word, ...]:
    """Word times by characters, evenly: the browser gives none."""
    words = text.split()
    total = sum(len(word) + 1 for word in words)
    result = []
    seen = 0
    for word in words:
        first = start_ms + (end_ms - start_ms) * seen // total
        seen += len(word) + 1
        result.append(Word(word, first, start_ms + (end_ms - start_ms) * seen // total, confidence))
    return tuple(result)


def _channel(value: Any) -> Channel:
    try:
        return Channel(value)
    except ValueError:
        raise BrowserLineError("channel is rep or customer") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BrowserLineError("text is a string")
    if len(value) > MOST_CHARACTERS:
        raise BrowserLineError(f"text has at most {MOST_CHARACTERS} characters")
    printable = "".join(" " if unicodedata.category(character).startswith("C") else character for character in value)
    return " ".join(printable.split())


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 31:
        raise BrowserLineError(f"{name} is a whole number of at least 0")
    return value


def _confidence(value: Any) -> float:
    """Browsers give 0 when they do not know; so does a missing value."""
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BrowserLineError("confidence is a number from 0 to 1")
    return min(1.0, max(0.0, float(value)))
