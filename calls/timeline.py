"""The drawing of who spoke when: geometry only, in a box that any width stretches. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from coaching.types import Channel, SignalKind

WIDTH = 1000
LANE_HEIGHT = 26
LANE_TOPS = {Channel.REP: 8, Channel.CUSTOMER: 46}
HEIGHT = 80
LEAST_WIDTH = 1.5
TICKS = 4


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of speech of one side. `anchor` is the id of its line on the page."""

    channel: Channel
    start_ms: int
    end_ms: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Point:
    """A moment on the clock."""

    kind: SignalKind
    title: str
    start_ms: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Bar:
    channel: Channel
    x: float
    y: int
    width: float
    anchor: str


@dataclass(frozen=True, slots=True)
class Marker:
    kind: SignalKind
    title: str
    x: float
    start_ms: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Everything in units of a `WIDTH` by `HEIGHT` box; `ticks_ms` are evenly spaced times from 0 to the end."""

    bars: tuple[Bar, ...]
    markers: tuple[Marker, ...]
    ticks_ms: tuple[int, ...]
    width: int = WIDTH
    height: int = HEIGHT
    lane_height: int = LANE_HEIGHT


def draw(stretches: Iterable[Stretch], points: Iterable[Point], length_ms: int) -> Timeline:
    """Places speech and moments on the call's clock. Speech after `length_ms` lengthens the clock."""
    speech = list(stretches)
    length = max([length_ms, 1, *(stretch.end_ms for stretch in speech)])
    return Timeline(
        bars=tuple(_bar(stretch, length) for stretch in speech),
        markers=tuple(
            Marker(point.kind, point.title, _place(point.start_ms, length), point.start_ms, point.anchor)
            for point in points
        ),
        ticks_ms=tuple(length * tick // TICKS for tick in range(TICKS + 1)),
    )


def _bar(stretch: Stretch, length_ms: int) -> Bar:
    x = _place(stretch.start_ms, length_ms)
    width = max(LEAST_WIDTH, round(_place(stretch.end_ms, length_ms) - x, 1))
    return Bar(stretch.channel, x, LANE_TOPS[stretch.channel], width, stretch.anchor)


def _place(at_ms: int, length_ms: int) -> float:
    return round(min(max(at_ms, 0), length_ms) * WIDTH / length_ms, 1)
