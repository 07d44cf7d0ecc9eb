"""Where a card came from, as the report says it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from calls import events, report_page
from coaching.llm.tips import general_card
from coaching.types import Channel, Lane, Signal, SignalKind

SIGNAL = Signal("s-1", SignalKind.OBJECTION, "price", Channel.CUSTOMER, 0.9, "too expensive", 0, 900)
GENERAL = general_card(SIGNAL, 3)


def label(payload: dict[str, Any]) -> str:
    shown = {**payload, "outcome": "used", "evidence": "rep", "latency_ms": None}
    return report_page._card(shown, [], with_versions=False).lane


@pytest.mark.parametrize(
    ("card", "words"),
    [
        (GENERAL, "General tip"),
        (replace(GENERAL, prompt_version=4), "Earlier tip"),
        (replace(GENERAL, play="price"), "Playbook"),
        (replace(GENERAL, lane=Lane.MODEL), "Model"),
        (replace(GENERAL, lane=Lane.MANAGER, author="Maya"), "From Maya"),
        (replace(GENERAL, lane=Lane.MANAGER), "From the manager"),
    ],
)
def test_a_line_of_nobody_s_playbook_does_not_pass_for_one(card: Any, words: str) -> None:
    assert label(dict(events.card(card))) == words


def test_a_log_that_names_no_plays_is_read_as_before() -> None:
    payload = dict(events.card(GENERAL))
    del payload["play"]
    assert label(payload) == "Playbook"
