"""What holds for any words at all."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.analysis.conversation import analyse
from calls.analysis.intervals import intersection, total_ms, union
from calls.analysis.speech import SpokenWord, speech_of
from coaching.types import Channel, Line

TEXTS = st.sampled_from(["yeah", "right", "plan", "price?", "expensive.", "um", "what", "great!", "…", "not"])


@st.composite
def words(draw: st.DrawFn) -> SpokenWord:
    start_ms = draw(st.integers(0, 60_000))
    return SpokenWord(
        draw(st.sampled_from(list(Channel))), draw(TEXTS), start_ms, start_ms + draw(st.integers(0, 1_500))
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(words(), max_size=40))
def test_no_word_is_lost_and_turns_of_one_role_never_overlap(given_words: list[SpokenWord]) -> None:
    speech = speech_of(given_words)
    spoken = [word for segment in speech.segments for word in segment.words]
    assert len(spoken) == sum(any(sign.isalnum() for sign in word.text) for word in given_words)
    in_turns = sum(len(turn.words) for turn in speech.turns)
    assert in_turns + sum(len(piece.words) for piece in speech.back_channels) == len(spoken)
    for channel in Channel:
        starts = [turn.start_ms for turn in speech.turns if turn.channel is channel]
        assert starts == sorted(starts)


@settings(max_examples=100, deadline=None)
@given(st.lists(words(), max_size=40))
def test_figures_stay_in_their_range_for_any_words(given_words: list[SpokenWord]) -> None:
    lines = [
        Line(word.channel, word.text, word.start_ms, word.end_ms, 1, True, number, "p")
        for number, word in enumerate(given_words)
    ]
    figures = analyse(lines, channels=2).figures
    for name in ("talk_ratio_speech", "talk_ratio_clock", "coverage"):
        assert 0 <= (figures[name].value or 0) <= 1
    assert -5 <= (figures["sentiment"].value or 0) <= 5
    assert all(figure.value is None or figure.value >= -10 for figure in figures.values())
    assert (figures["overtalk_total"].value or 0) <= (figures["call_clock"].value or 0)


INTERVALS = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=12)


@given(INTERVALS, INTERVALS)
def test_unions_and_intersections_agree_with_sets(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    def points(intervals: list[tuple[int, int]]) -> set[int]:
        return {point for start, end in intervals for point in range(start, end)}

    assert total_ms(union(left)) == len(points(left))
    assert total_ms(intersection(union(left), union(right))) == len(points(left) & points(right))
