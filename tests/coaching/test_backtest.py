"""A play on calls that are over: the same engine as live, without waiting for their minutes."""

from __future__ import annotations

import time
from dataclasses import replace

from coaching.backtest import Fire, backtest, known_until
from coaching.types import Channel, Line, Play, SignalKind, Trigger
from tests.coaching.fakes import MATERIAL, PRICE_PLAY, line

REP, CUSTOMER = Channel.REP, Channel.CUSTOMER


def call(*said: tuple[int, Channel, str]) -> list[Line]:
    return [
        line(text, start_ms=1_000 * start_s, channel=channel, utterance=number)
        for number, (start_s, channel, text) in enumerate(said)
    ]


CALL = call(
    (2, REP, "Hello, thanks for your time."),
    (10, CUSTOMER, "Your offer is too expensive for us."),
    (15, REP, "I see. What do you compare us with?"),
    (20, CUSTOMER, "Two others. Honestly it is over budget."),
    (200, CUSTOMER, "Still, that is too expensive."),
)


def test_it_says_when_the_play_fired_and_what_the_rep_saw() -> None:
    outcome = backtest(MATERIAL, PRICE_PLAY, CALL)
    assert [(round(fire.at_ms / 1_000), fire.is_shown) for fire in outcome.fires] == [
        (11, True),
        (22, False),
        (201, True),
    ]


def test_a_play_that_is_not_saved_yet_is_tried_in_the_place_of_the_one_with_its_key() -> None:
    draft = replace(PRICE_PLAY, patterns=("compare us with",), channel=REP, kind=SignalKind.NEXT_STEP, topic="compare")
    outcome = backtest(MATERIAL, draft, CALL)
    assert [fire.at_ms // 1_000 for fire in outcome.fires] == [17]


def test_what_another_play_answers_better_is_counted_apart() -> None:
    weaker = replace(PRICE_PLAY, key="weaker", priority=10)
    outcome = backtest(MATERIAL, weaker, CALL)
    assert outcome.fires == ()
    assert outcome.stood_back == 3


def test_what_was_not_said_fires_at_its_time() -> None:
    absent = Play(
        "agenda", SignalKind.NEXT_STEP, "agenda", "Agenda", "Say it.", "", ("agenda for today",), channel=REP,
        trigger=Trigger.NOT_SAID, within_s=60, cooldown_s=0,
    )  # fmt: skip
    assert backtest(MATERIAL, absent, CALL).fires == (Fire(60_000, is_shown=True),)
    said = [*CALL[:2], line("The agenda for today is this.", start_ms=30_000, channel=REP, utterance=9), *CALL[3:]]
    assert backtest(MATERIAL, absent, said).fires == ()


def test_a_sentence_that_is_being_said_at_the_deadline_counts_as_said() -> None:
    absent = replace(
        PRICE_PLAY, key="late", patterns=("agenda for today",), channel=REP, trigger=Trigger.NOT_SAID, within_s=60
    )
    slow = line("So our agenda for today is your roof", start_ms=58_000, channel=REP, ms_per_word=1_500)
    assert slow.end_ms > 60_000
    assert backtest(MATERIAL, absent, [*CALL[:4], slow, *CALL[4:]]).fires == ()


def test_known_until_the_start_of_what_is_being_said() -> None:
    lines = call((5, REP, "One two three four five six."), (6, CUSTOMER, "Yes."))
    assert known_until(lines, 6_500) == {REP: 5_000, CUSTOMER: 6_500}
    assert known_until(lines, 60_000) == {REP: 60_000, CUSTOMER: 60_000}


def test_an_hour_of_a_call_takes_moments() -> None:
    hour = call(
        *((6 * number, (REP, CUSTOMER)[number % 2], "This is one more sentence of it.") for number in range(600))
    )
    began = time.thread_time()
    backtest(MATERIAL, PRICE_PLAY, hour)
    assert time.thread_time() - began < 3
