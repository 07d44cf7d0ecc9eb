"""Scripted parts for the coach: a sink that keeps everything, a model on a script, a clock by hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field

from coaching.llm.base import CardRequest, CardText, ModelError
from coaching.types import (
    REPORT_LIMITS,
    Card,
    Channel,
    Component,
    Knowledge,
    Line,
    Material,
    Moment,
    Play,
    Prompt,
    Signal,
    SignalKind,
    Usage,
    Word,
)


class Sink:
    """Keeps what the coach published, in order."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self.moments: list[Moment] = []
        self.cards: list[Card] = []
        self.texts: list[tuple[str, str]] = []
        self.entries: list[Usage] = []
        self.rungs: list[tuple[str, str]] = []

    def signal(self, signal: Signal) -> None:
        self.signals.append(signal)

    def moment(self, moment: Moment) -> None:
        self.moments.append(moment)

    def card(self, card: Card) -> None:
        self.cards.append(card)

    def card_text(self, card_id: str, say: str) -> None:
        self.texts.append((card_id, say))

    def usage(self, usage: Usage) -> None:
        self.entries.append(usage)

    def coaching_state(self, rung: str, words: str) -> None:
        self.rungs.append((rung, words))


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    def pass_s(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class ScriptedModel:
    """Says the pieces of `say` when `gate` is open, then the complete card, then its usage."""

    card: CardText
    pieces: Sequence[str] = ()
    error: ModelError | None = None
    gate: asyncio.Event | None = None
    middle: asyncio.Event | None = None
    name: str = "scripted"
    provider: str = "tests"
    asked: list[CardRequest] = field(default_factory=list)
    closed: int = 0

    async def warm_up(self) -> None:
        if self.error is not None:
            raise self.error

    async def stream_card(self, request: CardRequest) -> AsyncGenerator[CardText | Usage]:
        self.asked.append(request)
        try:
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
            for piece in self.pieces:
                yield CardText(piece)
                if self.middle is not None:
                    await self.middle.wait()
            yield self.card
            yield Usage(Component.MODEL, self.provider, self.name, "input_tokens", 100)
        finally:
            self.closed += 1


PRICE_PLAY = Play(
    key="price",
    kind=SignalKind.OBJECTION,
    topic="price",
    title="Price feels too high",
    say="What are you comparing us with?",
    why="Find the frame.",
    patterns=("too expensive", "over budget"),
    priority=80,
)
MATERIAL = Material(
    business_name="Acme Cloud",
    plays=(PRICE_PLAY,),
    knowledge=(Knowledge("seat-price", "Price per seat", "Acme costs $49 per seat and month."),),
    competitors=("SalesBeam", "Quantor"),
    keyterms=("onboarding",),
    live_prompt=Prompt(1, "Coach the rep."),
    report_prompt=Prompt(2, "Write the report.", limits=REPORT_LIMITS),
    aliases=(("sales bim", "SalesBeam"),),
)


def line(
    text: str,
    *,
    start_ms: int = 0,
    channel: Channel = Channel.CUSTOMER,
    is_final: bool = True,
    utterance: int = 1,
    recovered: bool = False,
    ms_per_word: int = 300,
) -> Line:
    """A line with word times, `ms_per_word` apart."""
    texts = text.split()
    words = tuple(
        Word(word, start_ms + number * ms_per_word, start_ms + number * ms_per_word + ms_per_word - 50, 0.95)
        for number, word in enumerate(texts)
    )
    return Line(
        channel=channel,
        text=text,
        start_ms=start_ms,
        end_ms=words[-1].end_ms if words else start_ms,
        confidence=0.95,
        is_final=is_final,
        utterance=utterance,
        provider="tests",
        words=words,
        recovered=recovered,
    )


async def until(condition: Callable[[], object], timeout_s: float = 5.0) -> None:
    """Wait for a condition, giving the loop its turns."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the condition has no event of its own
            await asyncio.sleep(0.002)
