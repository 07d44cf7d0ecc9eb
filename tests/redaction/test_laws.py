"""What holds for any number and any words."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from calls.redaction import checks, redacted_text
from calls.redaction.words import OH, TEENS, TENS, UNITS
from tests.redaction.speaking import spoken

SOME = settings(max_examples=400, deadline=None)
BEFORE = st.sampled_from(["", "so", "my card is", "sure it is", "Okay,", "you can use", "the thing says"])
AFTER = st.sampled_from(["", "thanks", "please", "and that is all", "did you get that?"])
WORDS = st.lists(
    st.text(st.characters(codec="utf-8", categories=("L", "P", "S", "Zs"), exclude_characters="[*#")), max_size=12
)
NUMBER_WORDS = frozenset({*UNITS, *OH, *TEENS, *TENS})


@st.composite
def card_numbers(draw: st.DrawFn) -> str:
    """13 to 19 digits with the check digit that they need."""
    payload = draw(st.text("0123456789", min_size=12, max_size=18))
    return next(payload + digit for digit in "0123456789" if checks.passes_luhn(payload + digit))


@SOME
@given(card_numbers(), st.randoms(use_true_random=False), BEFORE, AFTER)
def test_no_card_number_comes_through_however_it_is_read_out(
    number: str, random: Random, before: str, after: str
) -> None:
    said = " ".join(filter(None, [before, spoken(number, random), after]))
    clean, masks = redacted_text(said, ["pci"])
    assert masks, said
    assert not any(character.isdigit() for character in clean)
    assert not NUMBER_WORDS & set(clean.lower().replace(",", " ").replace(".", " ").replace("-", " ").split())


@SOME
@given(WORDS)
def test_text_without_numbers_is_never_changed(words: list[str]) -> None:
    text = " ".join(words)
    if not NUMBER_WORDS & set(text.lower().split()):
        assert redacted_text(text, ["pci", "ssn", "numbers"]) == (text, ())


@SOME
@given(st.text(max_size=300), st.sets(st.sampled_from(["pci", "ssn", "numbers"])))
def test_any_text_at_all_is_judged_without_an_error(text: str, kinds: set[str]) -> None:
    clean, masks = redacted_text(text, kinds)
    assert (clean == text) is not bool(masks) or not masks


@SOME
@given(st.text("0123456789", min_size=12, max_size=18))
def test_exactly_one_digit_checks(payload: str) -> None:
    assert sum(checks.passes_luhn(payload + digit) for digit in "0123456789") == 1
