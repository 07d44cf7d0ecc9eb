"""A written call through the real coach on a clock of its own: what the live path would have logged."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter
from zlib import crc32

from calls import events
from calls.demo.dialogues import Dialogue
from calls.demo.speaking import spoken
from calls.events import Kind, Payload
from calls.redaction import CleanLine
from coaching.backtest import TICK_MS, known_until
from coaching.coach import Coach
from coaching.sink import CoachingRung
from coaching.types import Card, CardAction, Channel, Component, Line, Material, Moment, Signal, Usage
from coaching.virtual_time import run

FINAL_AFTER_MS = 280
INTERIM_EVERY_WORDS = 4
INTERIM_AFTER_MS = 200
HANG_UP_AFTER_MS = 1_200
SPEECH_MODEL = "nova-3"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event to be, at a time on the call's clock."""

    at_ms: int
    kind: Kind
    payload: Payload


@dataclass(slots=True)
class Diary:
    """The coach's sink: notes everything with the time it happened on `clock`, which gives seconds."""

    clock: Callable[[], float]
    entries: list[Entry] = field(default_factory=list)
    new_cards: list[Card] = field(default_factory=list)

    @property
    def now_ms(self) -> int:
        return round(self.clock() * 1_000)

    def write(self, kind: Kind, payload: Payload) -> None:
        self.entries.append(Entry(self.now_ms, kind, payload))

    def signal(self, signal: Signal) -> None:
        self.write(Kind.SIGNAL, events.signal(signal))

    def moment(self, moment: Moment) -> None:
        self.write(Kind.MOMENT, events.moment(moment))

    def card(self, card: Card) -> None:
        self.write(Kind.CARD, events.card(card))
        self.new_cards.append(card)

    def card_text(self, card_id: str, say: str) -> None:
        """Ephemeral: not in the log."""

    def usage(self, usage: Usage) -> None:
        self.write(Kind.USAGE, events.usage(usage))

    def coaching_state(self, rung: CoachingRung, words: str) -> None:
        """The demo's calls ran at full service."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something the coach is told. A line is an interim or a final; else a channel starts or stops, or time passes."""

    at_ms: int
    line: Line | None = None
    channel: Channel | None = None
    is_speaking: bool = False


@dataclass(frozen=True, slots=True)
class Rehearsed:
    entries: tuple[Entry, ...]
    duration_ms: int


def rehearse(dialogue: Dialogue, *, call_id: str, rep: str, manager: str, material: Material) -> Rehearsed:
    """The whole log of `dialogue` but its first event, in order. Deterministic for the same material."""
    return run(_rehearse(dialogue, call_id=call_id, rep=rep, manager=manager, material=material))


async def _rehearse(dialogue: Dialogue, *, call_id: str, rep: str, manager: str, material: Material) -> Rehearsed:
    loop = asyncio.get_running_loop()
    diary = Diary(loop.time)
    coach = Coach(call_id=call_id, material=material, model=None, sink=diary, clock=loop.time)
    lines = spoken(dialogue.turns)
    duration_ms = lines[-1].end_ms + HANG_UP_AFTER_MS
    diary.write(Kind.STATE, events.state(rung="full", parts={}, audio="transcribed", words="Everything works."))
    if dialogue.note:
        note = events.note(note_id=f"{dialogue.key}-note", text=dialogue.note, author=manager)
        diary.entries.append(Entry(duration_ms // 2, Kind.NOTE, note))
    seconds = (Step(at_ms) for at_ms in range(0, duration_ms, TICK_MS))
    for step in sorted((*_steps(lines), *seconds), key=attrgetter("at_ms")):
        await asyncio.sleep(step.at_ms / 1_000 - loop.time())
        _take(coach, diary, step, lines)
        _react(coach, diary, rep)
    await asyncio.sleep(duration_ms / 1_000 - loop.time())
    coach.hang_up()
    await coach.aclose()
    diary.usage(_heard(lines, duration_ms))
    diary.write(Kind.CALL_ENDED, events.call_ended(reason="hung_up", duration_ms=duration_ms))
    in_time = (replace(entry, at_ms=min(entry.at_ms, duration_ms)) for entry in diary.entries)
    return Rehearsed(tuple(sorted(in_time, key=attrgetter("at_ms"))), duration_ms)


def _heard(lines: Sequence[Line], duration_ms: int) -> Usage:
    return Usage(
        component=Component.SPEECH,
        provider=lines[0].provider,
        model=SPEECH_MODEL,
        unit="audio_ms",
        quantity=2 * duration_ms,
    )


def _steps(lines: Sequence[Line]) -> Iterator[Step]:
    for line in lines:
        yield Step(line.start_ms, channel=line.channel, is_speaking=True)
        for count in range(INTERIM_EVERY_WORDS, len(line.words), INTERIM_EVERY_WORDS):
            words = line.words[:count]
            interim = replace(
                line,
                text=" ".join(word.text for word in words),
                end_ms=words[-1].end_ms,
                words=words,
                is_final=False,
                ends_turn=False,
            )
            yield Step(words[-1].end_ms + INTERIM_AFTER_MS, line=interim)
        yield Step(line.end_ms, channel=line.channel)
        yield Step(line.end_ms + FINAL_AFTER_MS, line=line)


def _take(coach: Coach, diary: Diary, step: Step, lines: Sequence[Line]) -> None:
    if step.line is not None:
        if step.line.is_final:
            diary.write(Kind.LINE, events.line(CleanLine(step.line)))
        coach.hear(step.line)
    elif step.channel is not None:
        coach.note_speaking(step.channel, step.is_speaking, step.at_ms)
    else:
        coach.tick(step.at_ms, known_until(lines, step.at_ms - FINAL_AFTER_MS))


def _react(coach: Coach, diary: Diary, rep: str) -> None:
    """A rep who uses most cards and dismisses a few; which ones follows from the card's title."""
    for card in diary.new_cards:
        choice = crc32(f"{card.title}{card.trigger_end_ms}".encode())
        painted_ms = 260 + choice % 320
        _act(diary, card, CardAction.PAINTED, rep, after_ms=120, latency_ms=painted_ms)
        action = (CardAction.USED, CardAction.USED, CardAction.USED, CardAction.DISMISSED, None)[choice % 5]
        if action is not None:
            _act(diary, card, action, rep, after_ms=2_500)
            coach.act(card.id, action)
    diary.new_cards.clear()


def _act(
    diary: Diary, card: Card, action: CardAction, rep: str, *, after_ms: int, latency_ms: int | None = None
) -> None:
    payload = events.card_action(card_id=card.id, action=action, member=rep, latency_ms=latency_ms)
    diary.entries.append(Entry(diary.now_ms + after_ms, Kind.CARD_ACTION, payload))
