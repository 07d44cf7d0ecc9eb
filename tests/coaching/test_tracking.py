"""One signal from first interim to final, with exact positions, also across the cuts of a recogniser."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coaching.ears import Ears
from coaching.signals.text import normalise, words_of
from coaching.types import SignalKind
from tests.coaching.fakes import MATERIAL, line


def objections(ears: Ears, text: str, **where: object) -> list[str]:
    heard = ears.hear(line(text, **where))  # type: ignore[arg-type]
    return [found.signal.id for found in heard.found if found.signal.kind is SignalKind.OBJECTION]


def test_an_interim_that_ends_in_the_match_waits_for_one_more_word() -> None:
    ears = Ears(MATERIAL)
    assert objections(ears, "that is too expensive", is_final=False) == []
    assert len(objections(ears, "that is too expensive for", is_final=False)) == 1


def test_an_interim_that_says_the_same_twice_is_enough() -> None:
    ears = Ears(MATERIAL)
    assert objections(ears, "that is too expensive", is_final=False) == []
    assert len(objections(ears, "that is too expensive", is_final=False)) == 1


def test_the_final_keeps_the_interims_id_although_its_times_moved() -> None:
    ears = Ears(MATERIAL)
    first = objections(ears, "well that is too expensive for", is_final=False)
    last = objections(ears, "Well, that is too expensive for us.", start_ms=40)
    assert first == last


def test_the_same_words_later_are_another_signal() -> None:
    ears = Ears(MATERIAL)
    first = objections(ears, "too expensive for us", utterance=1)
    second = objections(ears, "too expensive for us", utterance=2, start_ms=60_000)
    assert first != second


def test_a_phrase_cut_in_two_by_the_recogniser_is_found_once() -> None:
    ears = Ears(MATERIAL)
    assert objections(ears, "I think for us it is too", utterance=1) == []
    found = objections(ears, "expensive at the moment", utterance=2, start_ms=2_200)
    assert len(found) == 1
    assert objections(ears, "as I said", utterance=3, start_ms=4_000) == []


def test_positions_are_those_of_the_words() -> None:
    heard = Ears(MATERIAL).hear(line("Honestly that is too expensive for us", start_ms=10_000))
    signal = next(found.signal for found in heard.found if found.signal.kind is SignalKind.OBJECTION)
    assert signal.end_ms == 10_000 + 4 * 300 + 250
    assert 10_000 <= signal.start_ms <= 10_000 + 3 * 300


def test_money_and_contractions_become_even_words() -> None:
    assert list(words_of("We can't pay $5,000, it's 20% more.")) == [
        *("we", "can", "not", "pay", "5000", "dollars", "it", "is", "20", "percent", "more", ".")
    ]


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_heard_without_error(text: str) -> None:
    even = normalise(line(text) if text.split() else line("x"))
    assert even.text.startswith(" ")
    ears = Ears(MATERIAL)
    for is_final in (False, True):
        for found in ears.hear(line(text or "x", is_final=is_final)).found:
            assert 0 <= found.signal.start_ms <= found.signal.end_ms
