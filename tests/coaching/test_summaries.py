"""The words of a report: by the model over a real socket, and without one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coaching import extractive
from coaching.summaries import write_summary
from coaching.types import Channel, Moment, MomentState, SignalKind
from tests.coaching.fakes import MATERIAL, line
from tests.vendors.openai import Fault, OpenAIServer

LINES = [
    line("How do you handle requests today?", start_ms=1_000, channel=Channel.REP),
    line("We need a better way, everything is in one inbox.", start_ms=5_000),
    line("Honestly that is too expensive for us.", start_ms=9_000),
    line("I'll send you a proposal on Friday.", start_ms=14_000, channel=Channel.REP),
]
MOMENTS = [
    Moment("m1", "s1", SignalKind.OBJECTION, "price", MomentState.HANDLED, "too expensive for us", 9_000, 10_000),
    Moment("m2", "s2", SignalKind.COMPETITOR, "salesbeam", MomentState.RAISED, "SalesBeam", 11_000, 11_500),
]


@pytest.fixture
def server(settings: pytest.FixtureRequest) -> Iterator[OpenAIServer]:
    with OpenAIServer() as running:
        settings.OPENAI_API_KEY = "test-key"  # type: ignore[attr-defined]
        settings.OPENAI_BASE_URL = running.url  # type: ignore[attr-defined]
        yield running


def test_the_model_writes_it_and_each_point_leads_to_its_line(server: OpenAIServer) -> None:
    summary = write_summary(MATERIAL, LINES, MOMENTS)
    assert summary.origin == "model"
    assert summary.model == "gpt-6.1-terra"
    assert summary.key_points[0] == ("The customer said: We need a better way, everything is in one inbox.", 5_000)
    assert summary.next_steps[0][1] == 14_000
    assert {usage.purpose for usage in summary.usage} == {"report"}
    assert server.problems == []
    assert server.requests[0].body["response_format"]["json_schema"]["name"] == "report"


def test_points_the_model_made_up_lose_their_position(server: OpenAIServer) -> None:
    points = [{"text": "A", "line": 99}, {"text": "B", "line": None}, {"line": 1}, "nonsense"]
    server.script.answers.append({"text": "Fine.", "key_points": points, "next_steps": "none"})
    summary = write_summary(MATERIAL, LINES, MOMENTS)
    assert summary.key_points == (("A", None), ("B", None))
    assert summary.next_steps == ()


@pytest.mark.parametrize("fault", [Fault("status", 401), Fault("status", 404)], ids=["refused", "no-model"])
def test_a_model_that_fails_leaves_an_extractive_report_that_says_so(server: OpenAIServer, fault: Fault) -> None:
    server.script.faults.append(fault)
    summary = write_summary(MATERIAL, LINES, MOMENTS)
    assert summary.origin == "extractive"
    assert summary.usage == ()


def test_a_report_survives_one_bad_moment_of_the_vendor(server: OpenAIServer) -> None:
    server.script.faults.append(Fault("status", 500))
    assert write_summary(MATERIAL, LINES, MOMENTS).origin == "model"
    assert len(server.requests) == 2


def test_without_a_model_the_report_quotes_what_was_said() -> None:
    summary = extractive.summarise(LINES, MOMENTS)
    assert summary.origin == "extractive"
    assert "We need a better way" in summary.text
    assert "Objections: price; 1 of 1 handled." in summary.text
    assert "Salesbeam" in summary.text
    assert ("Objection, price: “too expensive for us”", 9_000) in summary.key_points
    assert ("I'll send you a proposal on Friday.", 14_000) in summary.next_steps


def test_a_silent_call_has_a_report_too() -> None:
    assert write_summary(MATERIAL, [], []).text.startswith("Nothing was said")


def test_a_sentence_with_two_next_steps_is_one_step() -> None:
    quote = "Send me the proposal and let's meet on Tuesday."
    steps = [
        Moment(f"m-{topic}", f"s-{topic}", SignalKind.NEXT_STEP, topic, MomentState.RAISED, quote, at_ms, at_ms + 900)
        for topic, at_ms in (("proposal", 9_000), ("meeting", 10_000))
    ]
    assert extractive.summarise(LINES, steps).next_steps == ((quote, 9_000),)
