"""A call's log read back into values, for whoever works on a finished call. Pure: rows come in, values go out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calls.events import Kind
from coaching.types import Card, CardAction, Channel, Lane, Line, Moment, MomentState, Signal, SignalKind, Source, Word


@dataclass(frozen=True, slots=True)
class LoggedAction:
    """What the rep did with a card. `latency_ms` only for `painted`."""

    card_id: str
    action: CardAction
    latency_ms: int | None
    seq: int


@dataclass(frozen=True, slots=True)
class LoggedUsage:
    seq: int
    at: datetime
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CallLog:
    """`moments` in order of first mention, each in its last state; `cards` in the order they were shown."""

    lines: tuple[Line, ...]
    moments: tuple[Moment, ...]
    cards: tuple[Card, ...]
    actions: tuple[LoggedAction, ...]
    usage: tuple[LoggedUsage, ...]


Row = tuple[int, datetime, str, Mapping[str, Any]]
"""`(seq, at, kind, payload)`, as the table has it."""


def read(rows: Iterable[Row]) -> CallLog:
    """The log's rows in order of `seq`. Kinds that a report has no use for are skipped."""
    lines: list[Line] = []
    moments: dict[str, Moment] = {}
    cards: dict[str, Card] = {}
    actions: list[LoggedAction] = []
    usage: list[LoggedUsage] = []
    for seq, at, kind, payload in rows:
        if kind == Kind.LINE:
            lines.append(line_of(payload))
        elif kind == Kind.MOMENT:
            moments[payload["id"]] = moment_of(payload)
        elif kind == Kind.CARD:
            cards[payload["id"]] = card_of(payload)
        elif kind == Kind.CARD_ACTION:
            actions.append(action_of(seq, payload))
        elif kind == Kind.USAGE:
            usage.append(LoggedUsage(seq, at, payload))
    lines.sort(key=lambda line: (line.start_ms, line.channel.index))
    return CallLog(tuple(lines), tuple(moments.values()), tuple(cards.values()), tuple(actions), tuple(usage))


def line_of(payload: Mapping[str, Any]) -> Line:
    return Line(
        channel=Channel(payload["channel"]),
        text=payload["text"],
        start_ms=payload["start_ms"],
        end_ms=payload["end_ms"],
        confidence=payload["confidence"],
        is_final=True,
        utterance=payload["utterance"],
        provider=payload["provider"],
        words=tuple(Word(text, start, end, confidence) for text, start, end, confidence in payload.get("words", ())),
        recovered=payload.get("recovered", False),
    )


def moment_of(payload: Mapping[str, Any]) -> Moment:
    return Moment(
        id=payload["id"],
        signal_id=payload["signal_id"],
        kind=SignalKind(payload["kind"]),
        topic=payload["topic"],
        state=MomentState(payload["state"]),
        quote=payload["quote"],
        start_ms=payload["start_ms"],
        end_ms=payload["end_ms"],
    )


def signal_of(payload: Mapping[str, Any]) -> Signal:
    return Signal(
        id=payload["id"],
        kind=SignalKind(payload["kind"]),
        topic=payload["topic"],
        channel=Channel(payload["channel"]),
        confidence=payload["confidence"],
        quote=payload["quote"],
        start_ms=payload["start_ms"],
        end_ms=payload["end_ms"],
    )


def card_of(payload: Mapping[str, Any]) -> Card:
    source = payload.get("source")
    return Card(
        id=payload["id"],
        lane=Lane(payload["lane"]),
        kind=SignalKind(payload["kind"]) if payload["kind"] else None,
        title=payload["title"],
        say=payload["say"],
        why=payload["why"],
        topic=payload["topic"],
        trigger_end_ms=payload["trigger_end_ms"],
        signal_id=payload["signal_id"] or None,
        source=Source(**source) if source else None,
        replaces=payload["replaces"] or None,
        author=payload["author"],
        prompt_version=payload.get("prompt_version"),
        playbook_version=payload.get("playbook_version"),
        play=payload.get("play", ""),
        question=payload.get("question", ""),
    )


def action_of(seq: int, payload: Mapping[str, Any]) -> LoggedAction:
    return LoggedAction(payload["card_id"], CardAction(payload["action"]), payload.get("latency_ms"), seq)
