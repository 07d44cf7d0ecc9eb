"""The life of an objection, and which signals become moments."""

from __future__ import annotations

from coaching.moments import Moments
from coaching.types import Channel, MomentState, Signal, SignalKind
from tests.coaching.fakes import line


def signal(topic: str = "price", at_ms: int = 0, kind: SignalKind = SignalKind.OBJECTION) -> Signal:
    return Signal(f"s{at_ms}", kind, topic, Channel.CUSTOMER, 0.9, "a quote", at_ms, at_ms + 500)


def test_an_objection_is_raised_handled_by_an_answer_on_topic_and_returned() -> None:
    moments = Moments()
    raised = moments.on_signal(signal())
    assert raised is not None
    assert raised.state is MomentState.RAISED
    assert moments.on_line(line("Let me get a coffee first.", start_ms=1_000, channel=Channel.REP)) == ()
    handled = moments.on_line(line("What would the cost of waiting be?", start_ms=3_000, channel=Channel.REP))
    assert [moment.state for moment in handled] == [MomentState.HANDLED]
    returned = moments.on_signal(signal(at_ms=60_000))
    assert returned is not None
    assert returned.id == raised.id
    assert returned.state is MomentState.RETURNED
    assert returned.start_ms == 60_000


def test_the_customers_acceptance_handles_it_once_the_rep_has_spoken() -> None:
    moments = Moments()
    moments.on_signal(signal())
    yes = line("Okay, that makes sense.", start_ms=9_000)
    assert moments.on_line(yes) == ()
    moments.on_line(line("Let me show you one screen.", start_ms=2_000, channel=Channel.REP))
    assert [moment.state for moment in moments.on_line(yes)] == [MomentState.HANDLED]


def test_what_is_not_handled_is_open_at_hang_up_and_only_that() -> None:
    moments = Moments()
    moments.on_signal(signal())
    moments.on_signal(signal("timing", 5_000))
    moments.on_line(line("What would the price have to be for you?", start_ms=6_000, channel=Channel.REP))
    assert [moment.topic for moment in moments.hang_up()] == ["timing"]
    assert {moment.topic: moment.state for moment in moments.all} == {
        "price": MomentState.HANDLED,
        "timing": MomentState.OPEN,
    }


def test_the_same_objection_again_before_an_answer_is_the_same_moment() -> None:
    moments = Moments()
    assert moments.on_signal(signal()) is not None
    assert moments.on_signal(signal(at_ms=4_000)) is None


def test_questions_are_no_moments_and_repeats_within_half_a_minute_are_one() -> None:
    moments = Moments()
    assert moments.on_signal(signal(kind=SignalKind.QUESTION)) is None
    assert moments.on_signal(signal("salesbeam", 0, SignalKind.COMPETITOR)) is not None
    assert moments.on_signal(signal("salesbeam", 20_000, SignalKind.COMPETITOR)) is None
    assert moments.on_signal(signal("salesbeam", 80_000, SignalKind.COMPETITOR)) is not None


def test_an_answer_before_the_objection_does_not_count() -> None:
    moments = Moments()
    moments.on_signal(signal(at_ms=10_000))
    assert moments.on_line(line("The price is forty nine dollars a month.", start_ms=1_000, channel=Channel.REP)) == ()
