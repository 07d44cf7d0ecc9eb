"""`types.d.ts` mirrors the wire format: names in both, fields in both."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from django.conf import settings

from calls import events
from calls.live.door import Opening
from calls.live.ladder import Rung
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
    Word,
)
from tenants.consent.rules import Answer, Mode

TYPES = (settings.BASE_DIR / "static/js/types.d.ts").read_text(encoding="utf-8")

LINE = CleanLine(Line(Channel.REP, "Hello.", 0, 500, 0.9, True, 1, "local", (Word("Hello.", 0, 500, 0.9),)))
SAMPLES: dict[str, Any] = {
    "LinePayload": events.line(LINE),
    "SignalPayload": events.signal(Signal("s", SignalKind.PRICE, "price", Channel.CUSTOMER, 0.9, "q", 0, 1)),
    "MomentPayload": events.moment(Moment("m", "s", SignalKind.PRICE, "price", MomentState.RAISED, "q", 0, 1)),
    "CardPayload": events.card(Card("c", Lane.INSTANT, None, "t", "s", "w", "price", 1)),
    "CardActionPayload": events.card_action(card_id="c", action=CardAction.USED, member="Rita"),
    "NotePayload": events.note(note_id="n", text="t", author="Maya"),
    "StatePayload": events.state(rung="full", parts={}, audio="", words=""),
    "GapPayload": events.gap(start_ms=0, end_ms=1, reason="r"),
    "UsagePayload": events.usage(Usage(Component.SPEECH, "local", "base", "audio_ms", 1)),
    "CallStartedPayload": events.call_started(channels=2, source="browser", customer="", member="Rita"),
    "ConsentPayload": events.consent(
        mode="ask",
        answer="yes",
        hears="all",
        wording="w",
        language="en",
        place="DE",
        given_by="customer",
        recorded_by="R",
    ),
    "CallEndedPayload": events.call_ended(reason="hung_up", duration_ms=1),
    "ReportPayload": events.report(state="ready"),
    "Interim": events.interim(LINE),
    "CardText": events.card_text("c", "s"),
    "Meters": events.meters(rep=0, customer=0, rep_ms=0, customer_ms=0, samples=0),
}


def interface(name: str) -> set[str]:
    found = re.search(rf"export interface {name} {{\n(.*?)^}}", TYPES, re.DOTALL | re.MULTILINE)
    assert found, f"types.d.ts has no {name}"
    return set(re.findall(r"^  (\w+)\??:", found[1], re.MULTILINE))


def union(name: str) -> set[str]:
    found = re.search(rf"export type {name} =(.*?);", TYPES, re.DOTALL)
    assert found, f"types.d.ts has no {name}"
    return set(re.findall(r'"(\w+)"', found[1]))


def test_kinds_are_the_same() -> None:
    assert set(re.findall(r'Numbered<"(\w+)"', TYPES)) == {kind.value for kind in events.Kind}


@pytest.mark.parametrize(
    ("name", "values"),
    [("ActionName", CardAction), ("Rung", Rung), ("ChannelName", Channel), ("Hears", Opening), ("ConsentMode", Mode)],
)
def test_unions_are_the_same(name: str, values: Any) -> None:
    assert union(name) == {value.value for value in values}


def test_every_answer_can_be_sent() -> None:
    assert union("ConsentAnswer") == {answer.value for answer in Answer if answer is not Answer.NONE}


@pytest.mark.parametrize("name", SAMPLES)
def test_payloads_have_the_same_fields(name: str) -> None:
    assert interface(name) == set(SAMPLES[name])


def test_every_payload_is_compared() -> None:
    makers = {
        function
        for _, function in inspect.getmembers(events, inspect.isfunction)
        if function.__module__ == events.__name__ and not function.__name__.startswith("_")
    }
    assert len(makers) == len(SAMPLES)
