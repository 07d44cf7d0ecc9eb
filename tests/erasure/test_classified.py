"""Whatever can hold a person's words or name is classified: a new kind, field or column fails here until it is."""

from __future__ import annotations

from typing import Any

import pytest

from calls import events
from calls.erasing import fields
from calls.erasing.payloads import PARTS
from calls.events import Kind
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
    Signal,
    SignalKind,
    Usage,
)

MADE: dict[Kind, events.Payload] = {
    Kind.CALL_STARTED: events.call_started(channels=1, source="", customer="", member=""),
    Kind.CONSENT: events.consent(
        mode="", answer="", hears="", wording="", language="", place="", given_by="", recorded_by=""
    ),
    Kind.LINE: events.line(CleanLine(Line(Channel.REP, "", 0, 1, 1.0, is_final=True, utterance=1, provider=""))),
    Kind.SIGNAL: events.signal(Signal("", SignalKind.PRICE, "", Channel.REP, 1.0, "", 0, 1)),
    Kind.MOMENT: events.moment(Moment("", "", SignalKind.PRICE, "", MomentState.RAISED, "", 0, 1)),
    Kind.CARD: events.card(Card("", Lane.MODEL, None, "", "", "", "", 0)),
    Kind.CARD_ACTION: events.card_action(card_id="", action=CardAction.USED, member=""),
    Kind.NOTE: events.note(note_id="", text="", author=""),
    Kind.STATE: events.state(rung="", parts={}, audio="", words=""),
    Kind.GAP: events.gap(start_ms=0, end_ms=1, reason=""),
    Kind.USAGE: events.usage(Usage(Component.MODEL, "", "", "", 1)),
    Kind.CALL_ENDED: events.call_ended(reason="", duration_ms=1),
    Kind.REPORT: events.report(state=""),
}


@pytest.mark.parametrize("kind", list(Kind))
def test_every_field_of_every_kind_is_classified(kind: Kind) -> None:
    assert set(PARTS[kind]) == set(MADE[kind])


def test_every_text_column_of_a_business_is_classified() -> None:
    assert list(fields.unclassified()) == []


def test_a_column_that_nobody_classified_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    less: dict[str, Any] = {name: holds for name, holds in fields.FIELDS.items() if name != "calls.report.summary"}
    monkeypatch.setattr(fields, "FIELDS", less)
    assert list(fields.unclassified()) == ["calls.report.summary"]
