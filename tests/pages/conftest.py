"""Calls as the pages meet them: with a log, a report, or neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from calls import events
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, Report, ReportState
from calls.redaction import CleanLine
from coaching.types import Card, Channel, Lane, Line, Moment, MomentState, SignalKind, Word
from tenants.context import Business, business_scope
from tenants.members.models import Member

MakeCall = Callable[..., Call]

WORDS = (
    (Channel.REP, "Thanks for your time today.", 0, 2000),
    (Channel.CUSTOMER, "Honestly, that is too expensive for us.", 2600, 5200),
    (Channel.REP, "What would it have to be worth to you?", 6000, 8000),
)
MOMENT = Moment("m1", "s1", SignalKind.OBJECTION, "price", MomentState.RAISED, "too expensive", 3600, 4600)
CARD = Card("c1", Lane.INSTANT, SignalKind.OBJECTION, "Price", "What is it worth?", "They asked", "price", 4600)


def log_of(call: Call) -> None:
    """A short call: three lines, an objection, a card, the state of the ladder."""
    payloads: list[tuple[Kind, Any]] = [
        (Kind.CALL_STARTED, events.call_started(channels=2, source="browser", customer="", member="")),
        (Kind.STATE, events.state(rung="tips", parts={}, audio="Kept.", words="Cards come from your playbook.")),
    ]
    for number, (channel, text, start_ms, end_ms) in enumerate(WORDS):
        words = (Word(text, start_ms, end_ms, 0.9),)
        line = Line(channel, text, start_ms, end_ms, 0.9, True, number, "local", words, recovered=number == 2)
        payloads.append((Kind.LINE, events.line(CleanLine(line))))
    payloads += [(Kind.MOMENT, events.moment(MOMENT)), (Kind.CARD, events.card(CARD))]
    CallEvent.objects.bulk_create(
        CallEvent(call=call, seq=seq, at=timezone.now(), kind=kind.value, payload=dict(payload))
        for seq, (kind, payload) in enumerate(payloads, start=1)
    )


def report_of(call: Call, *, origin: str = "extractive") -> Report:
    figure = {"value": 0.7, "unit": "ratio", "denominator": "", "spans": [["rep", 0, 2000]], "note": ""}
    card = {**events.card(CARD), "outcome": "used", "evidence": "words", "is_pinned": False, "latency_ms": 240}
    return Report.objects.create(
        call=call,
        summary="The customer found it <too expensive>.",
        origin=origin,
        key_points=[{"text": "Price is the issue.", "start_ms": 3600}],
        next_steps=[{"text": "Send the offer.", "start_ms": None}],
        moments=[dict(events.moment(MOMENT)) | {"state": "open"}],
        figures={
            "has_roles": True,
            "figures": {"talk_ratio_speech": figure, "call_clock": {**figure, "value": 8000, "unit": "ms"}},
            "timeline": {"rep": [[0, 2000], [6000, 8000]], "customer": [[2600, 5200]]},
            "cards": {"shown": 1, "used": 1},
        },
        cards=[{**card, "heard_ms": 6000}],
        coverage=0.991,
    )


@pytest.fixture
def call_of(rolled_back: None) -> MakeCall:
    """`call_of(member)`: an open call with a log; `ended=True`, `report="extractive"` as wished."""

    def make(
        member: Member,
        *,
        customer: str = "Northwind",
        ended: bool = False,
        report: str = "",
        report_state: str = "",
        business: Business | None = None,
    ) -> Call:
        with business_scope(business or member.business):  # type: ignore[attr-defined]
            call = Call.objects.create(member=member, customer=customer, acked_samples=16_000 * 8)
            log_of(call)
            if report:
                report_of(call, origin=report)
            if ended or report:
                state = report_state or (ReportState.READY if report else ReportState.DUE)
                Call.objects.filter(pk=call.pk).update(
                    state=CallState.ENDED, ended_at=timezone.now(), report_state=state, report_error="e1f2"
                )
                call.refresh_from_db()
        return call

    return make
