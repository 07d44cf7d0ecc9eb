"""Geometry and words of the report page, without a database."""

from __future__ import annotations

import pytest

from calls import figure_texts
from calls.figure_texts import Guide
from calls.report_page import LineView, anchor_at
from calls.templatetags.ui import clock, initials, percent, words
from calls.timeline import WIDTH, Point, Stretch, draw
from coaching.types import Channel, SignalKind

LINES = [LineView("line-1", "rep", "One.", 0, 1000, False), LineView("line-2", "customer", "Two.", 2000, 3000, False)]


def test_speech_lies_where_it_was_spoken() -> None:
    drawing = draw([Stretch(Channel.CUSTOMER, 2500, 5000, "line-2")], [], 10_000)
    (bar,) = drawing.bars
    assert (bar.x, bar.width, bar.anchor) == (WIDTH / 4, WIDTH / 4, "line-2")


def test_a_word_is_wide_enough_to_be_seen() -> None:
    drawing = draw([Stretch(Channel.REP, 0, 1, "line-1")], [], 3_600_000)
    assert drawing.bars[0].width >= 1


def test_speech_after_the_known_end_lengthens_the_clock() -> None:
    drawing = draw([Stretch(Channel.REP, 0, 4000, "line-1")], [], 2000)
    assert drawing.ticks_ms == (0, 1000, 2000, 3000, 4000)


def test_a_moment_outside_the_call_is_drawn_at_its_edge() -> None:
    drawing = draw([], [Point(SignalKind.PRICE, "Price", 99_000, "")], 1000)
    assert drawing.markers[0].x == WIDTH


def test_an_empty_call_draws_nothing() -> None:
    assert draw([], [], 0).bars == ()


@pytest.mark.parametrize(
    ("at_ms", "anchor"), [(500, "line-1"), (1500, "line-1"), (2500, "line-2"), (9000, "line-2"), (None, "")]
)
def test_a_time_leads_to_the_line_spoken_then(at_ms: int | None, anchor: str) -> None:
    assert anchor_at(LINES, at_ms) == anchor


def test_without_lines_nothing_leads_anywhere() -> None:
    assert anchor_at([], 500) == ""


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.431, "ratio", "43 %"),
        (820, "ms", "0.8 s"),
        (95_400, "ms", "1:35"),
        (-1.25, "score", "−1.2"),
        (5.25, "per_5_min", "5.2"),
        (18.4, "per_hour", "18"),
        (None, "ratio", "Not available"),
    ],
)
def test_values_read_as_people_say_them(value: float | None, unit: str, text: str) -> None:
    assert figure_texts.value_text(value, unit) == text


def test_a_figure_outside_its_guide_says_so() -> None:
    view = figure_texts.view("talk_ratio_speech", {"value": 0.7, "unit": "ratio"})
    assert (view.tone, view.value) == ("off", "70 %")
    assert "Gong" in view.guide


def test_a_business_sets_its_own_guide() -> None:
    own = {"talk_ratio_speech": Guide(None, 0.8, "At most 80 %")}
    assert figure_texts.view("talk_ratio_speech", {"value": 0.7, "unit": "ratio"}, own).tone == "good"


def test_what_is_not_available_has_no_tone_and_says_why() -> None:
    view = figure_texts.view("talk_ratio_speech", {"value": None, "unit": "ratio", "note": "One channel."})
    assert (view.value, view.tone, view.note) == ("Not available", "", "One channel.")


def test_a_new_figure_shows_before_it_has_a_text() -> None:
    assert figure_texts.view("brand_new", {"value": 3, "unit": "count"}).label == "Brand new"


def test_filters() -> None:
    assert clock(95_000) == "1:35"
    assert clock(None) == "–"
    assert clock(3_723_000) == "1:02:03"
    assert percent("0.4312") == "43 %"
    assert percent(None) == "–"
    assert initials("Rita Maria Meier") == "RM"
    assert initials("Rita") == "R"
    assert words("buying_signal") == "Buying signal"
