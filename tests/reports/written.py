"""Calls as they stand in the database once they ended: a short sale, with its log."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.utils import timezone

from calls import events
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, ReportState
from calls.redaction import CleanLine
from coaching.types import (
    Card,
    CardAction,
    Channel,
    Component,
    Lane,
    Line,
    Moment,
    MomentState,
    SignalKind,
    Source,
    Usage,
    Word,
)
from tenants.members.models import Member

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER

PRICE_CARD = Card(
    id="card-price",
    lane=Lane.INSTANT,
    kind=SignalKind.OBJECTION,
    title="Price",
    say="Most teams save eleven hours weekly, so it pays back within two months.",
    why="They compare price only.",
    topic="price",
    trigger_end_ms=9_000,
    signal_id="s1",
    source=Source("roi", "Savings study"),
)
RIVAL_CARD = Card(
    id="card-rival",
    lane=Lane.MODEL,
    kind=SignalKind.COMPETITOR,
    title="Competitor",
    say="Ask which features they tried with the other vendor.",
    why="They named a rival.",
    topic="rivalsoft",
    trigger_end_ms=9_000,
)


def line(channel: Channel, start_s: float, end_s: float, text: str, number: int) -> events.Payload:
    words = text.split()
    start, length = round(start_s * 1000), round((end_s - start_s) * 1000)
    edges = [start + length * index // len(words) for index in range(len(words) + 1)]
    timed = tuple(Word(word, edges[index], edges[index + 1], 0.9) for index, word in enumerate(words))
    said = Line(channel, text, start, start + length, 0.9, True, number, "local", timed)
    return events.line(CleanLine(said))


def moment(state: MomentState, *, moment_id: str = "m1", kind: SignalKind = SignalKind.OBJECTION) -> events.Payload:
    return events.moment(
        Moment(moment_id, "s1", kind, "price", state, "that is more than we wanted to spend", 6_000, 9_000)
    )


def action(card_id: str, what: CardAction, latency_ms: int | None = None) -> events.Payload:
    return events.card_action(card_id=card_id, action=what, member="Rep", latency_ms=latency_ms)


def usage(quantity: int = 120_000, **changes: Any) -> events.Payload:
    return events.usage(
        Usage(
            **{"component": Component.SPEECH, "provider": "deepgram", "model": "nova-3", "unit": "audio_ms"} | changes,
            quantity=quantity,
        )
    )


SALE: tuple[tuple[Kind, events.Payload], ...] = (
    (Kind.LINE, line(REP, 0.5, 3, "Hello, what brings you to us today?", 1)),
    (Kind.LINE, line(CUSTOMER, 3.6, 9, "We need a new plan but that is more than we wanted to spend.", 1)),
    (Kind.SIGNAL, {"id": "s1"}),
    (Kind.MOMENT, moment(MomentState.RAISED)),
    (Kind.CARD, events.card(PRICE_CARD)),
    (Kind.CARD_ACTION, action("card-price", CardAction.PAINTED, 320)),
    (Kind.CARD, events.card(RIVAL_CARD)),
    (Kind.LINE, line(REP, 9.5, 14, "I see. Most teams save eleven hours weekly and it pays back in two months.", 2)),
    (Kind.USAGE, usage()),
    (Kind.LINE, line(CUSTOMER, 14.6, 17, "Okay, great, please send me the proposal tomorrow.", 2)),
    (Kind.CALL_ENDED, events.call_ended(reason="hung_up", duration_ms=17_000)),
)


def ended_call(
    rep: Member, entries: Sequence[tuple[Kind, events.Payload]] = SALE, *, channels: int = 2, **changes: Any
) -> Call:
    """An ended call of `rep` whose report is due, with its log. Needs the rep's business as the current one."""
    started = timezone.now() - timedelta(minutes=5)
    first = (Kind.CALL_STARTED, events.call_started(channels=channels, source="browser", customer="", member=rep.name))
    rows = (first, *entries)
    usual: dict[str, Any] = {
        "member": rep,
        "channels": channels,
        "state": CallState.ENDED,
        "started_at": started,
        "ended_at": started + timedelta(seconds=17),
        "end_reason": "hung_up",
        "epoch": 2,
        "last_seq": len(rows),
        "report_state": ReportState.DUE,
        "report_due_at": timezone.now(),
    }
    call = Call.objects.create(**usual | changes)
    CallEvent.objects.bulk_create(
        CallEvent(
            call=call,
            seq=seq,
            at=started + timedelta(seconds=seq),
            kind=kind.value,
            payload=dict(payload),
        )
        for seq, (kind, payload) in enumerate(rows, start=1)
    )
    return call


def kinds(call_id: uuid.UUID) -> list[str]:
    return list(CallEvent.objects.filter(call_id=call_id).order_by("seq").values_list("kind", flat=True))


def is_whole(call_id: uuid.UUID) -> bool:
    """The log's numbers have no hole, and the call knows the last."""
    numbers = list(CallEvent.objects.filter(call_id=call_id).order_by("seq").values_list("seq", flat=True))
    return numbers == list(range(1, len(numbers) + 1)) and Call.objects.get(pk=call_id).last_seq == len(numbers)
