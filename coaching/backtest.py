"""One play on a call that is over: its log through the same coach as live, on a clock that jumps. Pure.

The whole playbook listens, as it would have: what other plays answer better, or show at that moment, is theirs.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from coaching.coach import Coach
from coaching.ears import Cue
from coaching.sink import CoachingRung
from coaching.types import Card, Channel, Line, Material, Moment, Play, Signal, Usage
from coaching.virtual_time import run

TICK_MS = 1_000
LINES_AT_ONCE = 6
AFTER_MS = 3_000
"""A held card may still come so long after the last line."""


@dataclass(frozen=True, slots=True)
class Fire:
    """One time that the play fired, at the end of what made it fire. `is_shown`: its card reached the screen."""

    at_ms: int
    is_shown: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the play did on one call. `stood_back` counts what another play answered better."""

    fires: tuple[Fire, ...]
    stood_back: int


@dataclass(slots=True)
class _Witness:
    """The coach's sink: keeps what this play did."""

    key: str
    fired: list[Cue] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    stood_back: int = 0

    def told(self, cue: Cue) -> None:
        if cue.play.key != self.key:
            return
        if cue.stands_back:
            self.stood_back += 1
        else:
            self.fired.append(cue)

    def card(self, card: Card) -> None:
        if card.play == self.key:
            self.shown.append(card.id)

    def signal(self, signal: Signal) -> None:
        """Heard on the way; what counts here is what fires."""

    def moment(self, moment: Moment) -> None:
        """As `signal`."""

    def card_text(self, card_id: str, say: str) -> None:
        """There is no model here."""

    def usage(self, usage: Usage) -> None:
        """Nothing is consumed."""

    def coaching_state(self, rung: CoachingRung, words: str) -> None:
        """There is no ladder either."""


@dataclass(frozen=True, slots=True)
class _Step:
    at_ms: int
    line: Line | None = None
    channel: Channel | None = None
    is_speaking: bool = False


def with_play(material: Material, play: Play) -> Material:
    """The material with this play in the place of the one that has its key, or added."""
    return replace(material, plays=(*(other for other in material.plays if other.key != play.key), play))


def backtest(material: Material, play: Play, lines: Sequence[Line], *, is_mono: bool = False) -> Outcome:
    """Run a call's finals, in order of speech. Not from inside an event loop; about 1 ms a line."""
    witness = _Witness(play.key)
    run(_replay(with_play(material, play), lines, witness, is_mono=is_mono))
    shown = set(witness.shown)
    return Outcome(
        fires=tuple(Fire(cue.at_ms, is_shown=cue.card_id in shown) for cue in witness.fired),
        stood_back=witness.stood_back,
    )


def known_until(lines: Sequence[Line], at_ms: int) -> dict[Channel, int]:
    """For each channel, up to where all is known at `at_ms`: a line that is still being said is not.

    `lines` in order of their start; more than a handful at once are not told apart.
    """
    known = dict.fromkeys(Channel, max(at_ms, 0))
    begun = bisect_right(lines, at_ms, key=attrgetter("start_ms"))
    for line in lines[max(begun - LINES_AT_ONCE, 0) : begun]:
        if line.start_ms <= at_ms < line.end_ms:
            known[line.channel] = min(known[line.channel], line.start_ms)
    return known


async def _replay(material: Material, lines: Sequence[Line], witness: _Witness, *, is_mono: bool) -> None:
    loop = asyncio.get_running_loop()
    coach = Coach(
        call_id="backtest",
        material=material,
        model=None,
        sink=witness,
        clock=loop.time,
        is_mono=is_mono,
        fired=witness.told,
    )
    try:
        for step in sorted(_steps(lines), key=attrgetter("at_ms")):
            await asyncio.sleep(max(0.0, step.at_ms / 1_000 - loop.time()))
            if step.line is not None:
                coach.hear(step.line)
            elif step.channel is not None:
                coach.note_speaking(step.channel, step.is_speaking, step.at_ms)
            else:
                coach.tick(step.at_ms, known_until(lines, step.at_ms))
    finally:
        await coach.aclose()


def _steps(lines: Sequence[Line]) -> Iterator[_Step]:
    for line in lines:
        yield _Step(line.start_ms, channel=line.channel, is_speaking=True)
        yield _Step(line.end_ms, line=line)
        yield _Step(line.end_ms, channel=line.channel)
    end_ms = max((line.end_ms for line in lines), default=0) + AFTER_MS
    yield from (_Step(at_ms) for at_ms in range(0, end_ms, TICK_MS))
