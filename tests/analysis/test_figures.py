"""Every figure of METRICS.md on examples computed by hand."""

from __future__ import annotations

import pytest

from calls.analysis import flow, questions, sentiment, talk
from calls.analysis.conversation import analyse
from calls.analysis.coverage import coverage
from calls.analysis.figures import ONE_CHANNEL
from calls.analysis.sentiment import Sentiment
from coaching.types import Line
from tests.analysis.talking import CUSTOMER, REP, said
from tests.analysis.talking import talk as talking

POSITIVE, NEUTRAL, NEGATIVE = Sentiment.POSITIVE, Sentiment.NEUTRAL, Sentiment.NEGATIVE

PAIR = talking(
    said("rep", 0, 6, "thank you for calling how may I help you today please"),
    said("customer", 7, 11, "I want to buy a new plan"),
    said("rep", 11.2, 13.2, "which plan do you like"),
    said("customer", 18, 20, "the one with everything"),
)


def test_talk_ratio_by_speech_and_by_clock_name_their_denominators() -> None:
    by_speech, by_clock = talk.talk_ratio_speech(PAIR), talk.talk_ratio_clock(PAIR)
    assert by_speech.value == pytest.approx(8 / 14)
    assert by_speech.denominator == "talk time of both sides"
    assert by_clock.value == pytest.approx(8 / 20)
    assert by_clock.denominator == "call clock"
    assert len(by_speech.spans) == 4
    assert {span.channel for span in by_clock.spans} == {REP}


def test_longest_monologue_and_longest_customer_story() -> None:
    monologue = talk.longest_turn(PAIR, REP, "longest_monologue")
    story = talk.longest_turn(PAIR, CUSTOMER, "longest_customer_story")
    assert (monologue.value, monologue.spans[0].start_ms, monologue.spans[0].end_ms) == (6000, 0, 6000)
    assert (story.value, story.spans[0].start_ms) == (4000, 7000)


def test_interactivity_counts_switches_per_five_minutes_without_short_replies() -> None:
    assert talk.interactivity(PAIR).value == pytest.approx(3 * 300 / 20)
    with_short = talking(
        said("rep", 0, 6, "thank you for calling how may I help"),
        said("customer", 7, 8, "Well, hello."),
        said("rep", 9, 12, "hello what can I do"),
        said("customer", 13, 20, "I would like to buy the plan"),
    )
    assert talk.interactivity(with_short).value == pytest.approx(1 * 300 / 20)


def test_patience_is_the_median_and_the_mean_of_pauses_capped_at_ten_seconds() -> None:
    speech = talking(
        said("customer", 0, 2, "first thing I want"),
        said("rep", 3, 4, "let me see that"),  # 1 s
        said("customer", 5, 6, "second thing I want"),
        said("rep", 8, 9, "let me check that"),  # 2 s
        said("customer", 10, 11, "third thing I want"),
        said("rep", 31, 32, "found it for you"),  # 20 s, counts as 10 s
        said("customer", 33, 35, "fourth thing I want"),
        said("rep", 34.8, 36, "that one is here"),  # starts early: no pause
    )
    median, mean = flow.patience(speech)
    assert median.value == 2_000
    assert mean.value == pytest.approx((1_000 + 2_000 + 10_000) / 3)
    assert [(span.start_ms, span.end_ms) for span in median.spans][:2] == [(2000, 3000), (6000, 8000)]


def test_a_rushed_reply_starts_within_half_a_second() -> None:
    speech = talking(
        said("customer", 0, 2, "first thing I want"),
        said("rep", 2.499, 4, "let me see that"),
        said("customer", 5, 6, "second thing I want"),
        said("rep", 6.5, 9, "let me check that"),
    )
    rushed = flow.rushed_replies(speech)
    assert (rushed.value, rushed.spans[0].start_ms) == (1, 2499)


@pytest.mark.parametrize(
    ("text", "is_substantive", "is_open"),
    [
        ("What does your process look like?", True, True),
        ("So, how do you decide?", True, True),
        ("Why now?", False, True),
        ("Tell me about your team?", True, True),
        ("Could you walk me through it?", True, False),
        ("Walk me through your day?", True, True),
        ("Okay, what's the budget then?", True, True),
        ("Do you use a CRM?", True, False),
        ("That works for you, right?", False, False),
        ("That works for you, isn't it?", False, False),
        ("Does that sound right?", True, False),
        ("Right?", False, False),
        ("We can do that.", False, False),
    ],
)
def test_which_questions_count(text: str, is_substantive: bool, is_open: bool) -> None:
    assert questions.is_substantive(text) is is_substantive
    if is_substantive:
        assert questions.is_open(text) is is_open


def test_question_rate_is_per_hour_of_call_clock() -> None:
    speech = talking(
        said("rep", 0, 6, "Hello. What brings you here today? Nice weather, right?"),
        said("customer", 7, 100, "Is this about the plan?"),
        said("rep", 101, 120, "It is. Do you have a budget?"),
    )
    rate, asked, opened = questions.question_figures(speech)
    assert asked.value == 2
    assert opened.value == 1
    assert rate.value == pytest.approx(2 * 3600 / 120)
    assert all(span.channel is REP for span in asked.spans)


def test_talk_speed_is_words_per_minute_of_own_talk_time() -> None:
    speech = talking(said("rep", 0, 4, "one two three four five six seven eight nine ten"))
    assert talk.talk_speed(speech, REP).value == pytest.approx(150)
    assert talk.talk_speed(speech, CUSTOMER).value is None


def test_filler_rate_counts_words_and_phrases() -> None:
    speech = talking(said("rep", 0, 6, "um so we uh you know can do that for you"))
    figure = talk.filler_rate(speech, REP)
    assert figure.value == pytest.approx(3 * 60 / 6)


def interrupters(*pieces) -> list[str]:  # type: ignore[no-untyped-def]
    return [each.by.value for each in flow.interruptions(talking(*pieces))]


def test_speaking_into_a_turn_for_half_a_second_interrupts_it() -> None:
    assert interrupters(
        said("customer", 0, 6, "we were thinking about the larger plan because it has more room."),
        said("rep", 3, 5, "the larger plan is on offer."),
    ) == ["rep"]


def test_overlapping_for_less_than_half_a_second_does_not_interrupt() -> None:
    assert (
        interrupters(
            said("customer", 0, 3.4, "we were thinking about the larger plan today."),
            said("rep", 3, 5, "The larger plan is on offer."),
        )
        == []
    )


def test_making_the_other_stop_in_mid_sentence_interrupts() -> None:
    assert interrupters(
        said("customer", 0, 3.4, "we were thinking that maybe the larger"),
        said("rep", 3.1, 6, "The larger plan is on offer."),
        said("customer", 12, 14, "Good to know that."),
    ) == ["rep"]


def test_breaking_into_a_pause_in_mid_sentence_interrupts() -> None:
    assert interrupters(
        said("customer", 0, 3, "can that be updated in your system as well"),
        said("rep", 3.5, 5.5, "Yes, I will do that."),
        said("customer", 6.2, 7, "today then please?"),
    ) == ["rep"]


def test_a_back_channel_never_interrupts() -> None:
    assert (
        interrupters(
            said("customer", 0, 6, "we were thinking about the larger plan because it has more room."),
            said("rep", 3, 3.7, "Yeah, right."),
        )
        == []
    )


def test_answering_after_a_finished_sentence_does_not_interrupt() -> None:
    assert (
        interrupters(
            said("customer", 0, 3, "Can that be updated?"),
            said("rep", 3.3, 4.5, "Yes, I can do that."),
            said("customer", 4.6, 6, "Thank you so much."),
        )
        == []
    )


def test_interruptions_are_counted_and_divided_by_own_turns() -> None:
    speech = talking(
        said("customer", 0, 6, "we were thinking about the larger plan because it has more room."),
        said("rep", 3, 5, "the larger plan is on offer."),
        said("rep", 9, 11, "Shall I send it over?"),
    )
    figures = {figure.name: figure for figure in flow.interruption_figures(speech)}
    assert figures["interruptions_by_rep"].value == 1
    assert figures["interruption_rate_rep"].value == pytest.approx(1 / 2)
    assert figures["interruptions_by_customer"].value == 0
    assert figures["interruptions_by_rep"].spans[0].start_ms == 3000


def test_overtalk_is_the_time_both_speak() -> None:
    speech = talking(
        said("rep", 0, 6, "a rather long explanation of everything here"),
        said("customer", 2, 3, "we have that already thanks"),
        said("customer", 5.5, 8, "we have another question about it"),
    )
    total, count, longest = flow.overtalk(speech)
    assert (total.value, count.value, longest.value) == (1_500, 2, 1_000)
    assert longest.spans[0].start_ms == 2_000


def test_non_talk_time_is_hold_and_every_silence_over_three_seconds() -> None:
    speech = talking(
        said("rep", 0, 2, "hold on a moment"),
        said("customer", 5, 6, "no problem at all"),  # 3.0 s: not over 3 s
        said("rep", 10, 12, "here it is now"),  # 4 s
    )
    assert flow.non_talk(speech).value == 4_000
    assert flow.non_talk(speech, hold_ms=10_000).value == 14_000
    assert [(span.start_ms, span.end_ms) for span in flow.non_talk(speech).spans] == [(6000, 10_000)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("That sounds great, thank you.", POSITIVE),
        ("This is too expensive for us.", NEGATIVE),
        ("I am not happy about this.", NEGATIVE),
        ("It's not a problem.", POSITIVE),
        ("We have forty seats.", NEUTRAL),
        ("The price is good but support was terrible and slow.", NEGATIVE),
    ],
)
def test_sentiment_of_a_turn_comes_from_its_words(text: str, expected: Sentiment) -> None:
    assert sentiment.sentiment_of(text) is expected


def test_a_quarters_score_weighs_streaks() -> None:
    assert sentiment.score([]) is None
    assert sentiment.score([NEUTRAL]) == 0
    assert sentiment.score([POSITIVE]) == 5
    assert sentiment.score([NEGATIVE, NEGATIVE]) == -5
    # 1 + 1.5 positive against 1 neutral: 5 · 2.5 / 3.5
    assert sentiment.score([POSITIVE, POSITIVE, NEUTRAL]) == pytest.approx(5 * 2.5 / 3.5)
    # without the streak: 5 · 2 / 3
    assert sentiment.score([POSITIVE, NEUTRAL, POSITIVE]) == pytest.approx(5 * 2 / 3)


def test_the_call_is_the_mean_of_its_quarters_and_the_shift_goes_from_start_to_end() -> None:
    speech = talking(
        said("customer", 0, 2, "This is terrible."),  # first quarter: -5
        said("rep", 5, 9, "I am delighted and love it."),  # the rep has no sentiment
        said("customer", 30, 32, "We have forty seats."),  # second: 0
        said("customer", 98, 100, "That is great."),  # fourth: +5
    )
    figures = {figure.name: figure for figure in sentiment.sentiment_figures(speech)}
    assert [figures[f"sentiment_quarter_{number}"].value for number in (1, 2, 3, 4)] == [-5, 0, None, 5]
    assert figures["sentiment"].value == pytest.approx(0)
    assert figures["sentiment_shift"].value == 10
    assert all(span.channel is CUSTOMER for figure in figures.values() for span in figure.spans)


def test_active_listening_counts_the_reps_back_channels() -> None:
    speech = talking(
        said("customer", 0, 6, "we were thinking about the larger plan because it has room."),
        said("rep", 2, 2.4, "Mhm."),
        said("rep", 4, 4.4, "Right."),
    )
    assert talk.active_listening(speech).value == 2


def test_coverage_counts_gaps_as_lost_speech() -> None:
    speech = talking(said("rep", 0, 9, "all of this was heard and written down"))
    assert coverage(speech, []).value == 1
    assert coverage(speech, [(9_000, 10_000), (9_500, 10_000)]).value == pytest.approx(0.9)


LINES = [
    Line(REP, "What do you need today?", 0, 2000, 0.9, True, 1, "p"),
    Line(CUSTOMER, "A better plan would be great.", 2500, 5000, 0.9, True, 1, "p"),
]


def test_one_channel_has_no_figure_that_needs_a_role() -> None:
    mono = analyse(LINES, channels=1)
    assert not mono.has_roles
    assert mono.figures["talk_ratio_speech"].value is None
    assert mono.figures["talk_ratio_speech"].note == ONE_CHANNEL
    assert {name for name, figure in mono.figures.items() if figure.value is not None} == {
        "call_clock",
        "coverage",
        "non_talk_time",
    }
    assert mono.moods == ()


def test_interims_are_not_analysed() -> None:
    interim = Line(REP, "What do you", 0, 900, 0.5, False, 1, "p")
    assert analyse([interim], channels=2).figures["call_clock"].value == 0


def test_a_call_without_speech_has_figures_without_values_and_no_error() -> None:
    empty = analyse([], channels=2)
    assert empty.figures["talk_ratio_speech"].value is None
    assert empty.figures["patience_median"].value is None
    assert empty.figures["sentiment"].value is None
    assert empty.figures["overtalk_total"].value == 0


def test_every_figure_has_a_unit_and_explains_a_missing_value() -> None:
    for conversation in (analyse(LINES, channels=2), analyse([], channels=2), analyse(LINES, channels=1)):
        for figure in conversation.figures.values():
            assert figure.unit
            assert figure.value is not None or figure.note


def test_the_json_of_a_conversation_is_what_a_screen_draws() -> None:
    wire = analyse(LINES, channels=2).to_json()
    assert wire["timeline"] == {"rep": [[0, 2000]], "customer": [[2500, 5000]]}
    assert wire["moods"] == [[2500, 5000, "positive"]]
    assert wire["figures"]["open_questions"] == {
        "value": 1,
        "unit": "count",
        "denominator": "",
        "spans": [["rep", 0, 2000]],
        "note": "",
    }
