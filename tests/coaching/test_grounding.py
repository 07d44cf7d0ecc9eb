"""A card claims only what the business wrote."""

from __future__ import annotations

import pytest

from coaching.grounding import Ground, Ruling, safe_part
from coaching.llm.base import CardText
from coaching.safe_questions import question_for
from coaching.types import SignalKind
from tests.coaching.fakes import MATERIAL

HEARD = "We have 200 people in Berlin and pay $5 today."


@pytest.mark.parametrize(
    ("say", "source"),
    [
        ("Acme costs $49 per seat and month.", "seat-price"),
        ("What are you comparing us with?", ""),
        ("With 200 people, which team feels it most?", ""),
        ("How do you like SalesBeam so far?", ""),
        ("What would have to change in Berlin for this to work?", ""),
    ],
)
def test_what_the_material_or_the_call_holds_may_be_said(say: str, source: str) -> None:
    verdict = Ground(MATERIAL).judge(CardText(say, source_key=source, is_complete=True), HEARD)
    assert verdict.ruling is Ruling.GROUNDED
    assert (verdict.source is not None) is bool(source)


@pytest.mark.parametrize(
    ("say", "source", "reason"),
    [
        ("Acme costs $39 per seat and month.", "seat-price", "number"),
        ("You save 40 percent in the first year.", "seat-price", "number"),
        ("So would $5 per seat work for you?", "", "number"),
        ("We start in three weeks.", "seat-price", "number"),
        ("Our customer Initech doubled its sales.", "seat-price", "name"),
        ("We are SOC certified.", "seat-price", "name"),
        ("We are the leading and fastest choice.", "seat-price", "claim"),
        ("That is always free, would that help?", "", "claim"),
        ("It connects to everything you have.", "", "source"),
        ("It connects to everything you have.", "no-such-key", "source"),
        ("", "", "length"),
        ("word " * 80, "seat-price", "length"),
    ],
)
def test_what_nobody_wrote_is_refused(say: str, source: str, reason: str) -> None:
    verdict = Ground(MATERIAL).judge(CardText(say, source_key=source, is_complete=True), HEARD)
    assert verdict.ruling is Ruling.UNGROUNDED
    assert verdict.reason == reason


def test_every_kind_has_a_safe_question() -> None:
    for kind in SignalKind:
        assert question_for(kind, "whatever").endswith("?")


def test_a_growing_text_keeps_its_last_word_back() -> None:
    assert safe_part("It costs $4") == "It costs"
    assert safe_part("It") == ""
