"""Words → segments → back-channels → turns, by the definitions of METRICS.md."""

from __future__ import annotations

from calls.analysis.speech import speech_of, words_of
from coaching.types import Line, Word
from tests.analysis.talking import CUSTOMER, REP, said, talk


def spans(pieces) -> list[tuple[str, int, int]]:  # type: ignore[no-untyped-def]
    return [(piece.channel.value, piece.start_ms, piece.end_ms) for piece in pieces]


def test_a_gap_of_one_second_stays_in_the_segment_and_a_longer_one_ends_it() -> None:
    joined = talk(said("rep", 0, 1, "one two"), said("rep", 2.0, 3, "three four"))
    apart = talk(said("rep", 0, 1, "one two"), said("rep", 2.001, 3, "three four"))
    assert spans(joined.segments) == [("rep", 0, 3000)]
    assert spans(apart.segments) == [("rep", 0, 1000), ("rep", 2001, 3000)]


def test_a_turn_joins_gaps_below_three_seconds() -> None:
    below = talk(said("rep", 0, 1, "one two"), said("rep", 3.999, 5, "three four"))
    at = talk(said("rep", 0, 1, "one two"), said("rep", 4.0, 5, "three four"))
    assert spans(below.turns) == [("rep", 0, 5000)]
    assert spans(at.turns) == [("rep", 0, 1000), ("rep", 4000, 5000)]


def test_a_turn_ends_when_the_other_says_something() -> None:
    speech = talk(
        said("rep", 0, 2, "we have two plans for you"),
        said("customer", 2.2, 2.9, "tell me the price"),
        said("rep", 3.5, 5, "it starts at forty"),
    )
    assert spans(speech.turns) == [("rep", 0, 2000), ("customer", 2200, 2900), ("rep", 3500, 5000)]


def test_a_back_channel_neither_is_a_turn_nor_ends_one() -> None:
    speech = talk(
        said("customer", 0, 4, "so we looked at several vendors last year"),
        said("rep", 2.0, 2.4, "Mhm."),
        said("customer", 5.5, 8, "and none of them could do it"),
        said("rep", 4.6, 5.2, "Right, got it."),
    )
    assert spans(speech.turns) == [("customer", 0, 8000)]
    assert [piece.text for piece in speech.back_channels] == ["Mhm.", "Right, got it."]
    assert len(speech.of(REP)) == 2, "it is still speech"


def test_a_short_word_between_two_turns_is_a_turn() -> None:
    speech = talk(said("customer", 0, 2, "we want the big plan"), said("rep", 2.5, 2.9, "Great."))
    assert spans(speech.turns) == [("customer", 0, 2000), ("rep", 2500, 2900)]
    assert speech.back_channels == ()


def test_a_short_answer_to_a_question_is_a_turn() -> None:
    speech = talk(
        said("rep", 0, 2, "Shall I send it today?"),
        said("customer", 2.4, 2.8, "Yes."),
        said("rep", 3.4, 5, "Then I will do that"),
    )
    assert spans(speech.turns) == [("rep", 0, 2000), ("customer", 2400, 2800), ("rep", 3400, 5000)]


def test_a_short_objection_inside_a_turn_is_no_back_channel() -> None:
    speech = talk(
        said("rep", 0, 6, "the plan has everything you need and it renews each year"),
        said("customer", 3, 3.6, "Too expensive."),
    )
    assert speech.back_channels == ()
    assert ("customer", 3000, 3600) in spans(speech.turns)


def test_the_call_clock_runs_from_first_to_last_speech() -> None:
    speech = talk(said("rep", 2, 3, "hello there"), said("customer", 10, 12.5, "hi who is this"))
    assert speech.clock_ms == 10_500


def test_nothing_said_makes_an_empty_speech() -> None:
    speech = speech_of([])
    assert (speech.segments, speech.turns, speech.clock_ms) == ((), (), 0)


def test_words_come_from_lines_and_are_spread_where_a_line_has_none() -> None:
    timed = Line(REP, "Hi there", 0, 900, 0.9, True, 1, "p", (Word("Hi", 0, 300, 0.9), Word("there", 500, 900, 0.8)))
    plain = Line(CUSTOMER, "one two three four", 1000, 3000, 0.7, True, 1, "browser")
    words = words_of([timed, plain])
    assert [(word.text, word.start_ms, word.end_ms) for word in words] == [
        ("Hi", 0, 300),
        ("there", 500, 900),
        ("one", 1000, 1500),
        ("two", 1500, 2000),
        ("three", 2000, 2500),
        ("four", 2500, 3000),
    ]


def test_words_may_come_in_any_order() -> None:
    pieces = [*said("rep", 5, 6, "second part"), *said("rep", 0, 1, "first part")]
    assert [segment.text for segment in speech_of(pieces).segments] == ["first part", "second part"]
