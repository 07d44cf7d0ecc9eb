"""What a figure is: a value with its unit, the named denominator, and the spans it came from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from coaching.types import Channel

NOT_AVAILABLE = "not available"
ONE_CHANNEL = "Both people are heard on one channel: who said what is not known."
NO_SPEECH = "Nothing was said."


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the call on one channel, or on both (`channel` None): what a click on a figure explains."""

    channel: Channel | None
    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        return self.end_ms - self.start_ms

    def to_json(self) -> list[Any]:
        return [self.channel.value if self.channel else "", self.start_ms, self.end_ms]


class Spoken(Protocol):
    """Anything said by one role: a segment or a turn."""

    @property
    def channel(self) -> Channel: ...
    @property
    def start_ms(self) -> int: ...
    @property
    def end_ms(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of METRICS.md. `value` None means not available, and `note` says why; it is never a guess.

    `denominator` names what the value is divided by, empty for counts and lengths.
    """

    name: str
    value: float | None
    unit: str
    denominator: str = ""
    spans: tuple[Span, ...] = ()
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        return {
            "value": None if self.value is None else round(self.value, 4),
            "unit": self.unit,
            "denominator": self.denominator,
            "spans": [span.to_json() for span in self.spans],
            "note": self.note,
        }


def spans_of(pieces: Iterable[Spoken]) -> tuple[Span, ...]:
    return tuple(Span(piece.channel, piece.start_ms, piece.end_ms) for piece in pieces)


def ratio(name: str, part: float, whole: float, *, unit: str, denominator: str, spans: Iterable[Span] = ()) -> Figure:
    """`part / whole`, not available when there is nothing to divide by."""
    value = part / whole if whole > 0 else None
    note = "" if whole > 0 else f"Not available: {denominator} is zero."
    return Figure(name, value, unit, denominator, tuple(spans), note)
