"""Numbers that are said over several lines, with the other side between."""

from __future__ import annotations

import pytest

from calls.redaction import Redactor
from coaching.types import Word
from tests.redaction.talks import CUSTOMER, REP, heard, line

CARD = """
    R: Can I get the card number?
    C: Sure, it's four two four two
    R: mm-hm
    C: four two four two
    R: okay
    C: forty-two forty-two
    R: yep
    C: 4242
    R: and the expiry?
    C: twelve twenty seven
    R: and the security code?
    C: three one two
    R: and your zip code?
    C: nine four one oh seven
    R: Great. That is 49 dollars a month for 120 users.
    C: We grew to 250 people in 2019.
"""


def test_a_card_read_in_groups_with_the_other_side_between() -> None:
    assert heard(CARD) == [
        "R: Can I get the card number?",
        "C: Sure, it's [card number]",
        "R: mm-hm",
        "C: [card number]",
        "R: okay",
        "C: [card number]",
        "R: yep",
        "C: [card number]",
        "R: and the expiry?",
        "C: [card date]",
        "R: and the security code?",
        "C: [security code]",
        "R: and your zip code?",
        "C: nine four one oh seven",
        "R: Great. That is 49 dollars a month for 120 users.",
        "C: We grew to 250 people in 2019.",
    ]


@pytest.mark.parametrize(
    ("talk", "kept"),
    [
        # Without any cue: at most the first group of a card stays.
        ("C: 4242\nC: 4242\nC: 4242\nC: 4242", "4242 [card number] [card number] [card number]"),
        ("C: four two four two\nC: four two four two", "[card number] [card number]"),
        ("C: it's 4242 4242\nR: uh-huh\nC: 4242 4242", "it's [card number] uh-huh [card number]"),
        ("C: so 424242\nC: 4242424242", "so 424242 [card number]"),
        # A question between does not end it.
        (
            "R: your card number?\nC: 4111 1111\nR: before that, how much is it?\nR: it is 300 dollars\nC: 1111 1111",
            "your card number? [card number] before that, how much is it? it is 300 dollars [card number]",
        ),
        # The rep repeats what was read.
        (
            "R: your card number?\nC: 4242\nR: 4242, yes?\nC: 42",
            "your card number? [card number] [card number], yes? [card number]",
        ),
        (
            "R: your social?\nC: one two three\nC: four five\nC: six seven eight nine",
            "your social?" + 3 * " [social security number]",
        ),
        (
            "R: The routing number?\nC: oh two one oh oh oh oh two one\nR: and the account number?\nC: 1234 567 890",
            "The routing number? [bank account] and the account number? [bank account]",
        ),
        (
            "R: I just sent you a verification code, can you read it to me?\nC: yes it's 482 911",
            "I just sent you a verification code, can you read it to me? yes it's [security code]",
        ),
        # What the service left over of a number.
        ("C: [CREDIT_CARD_1] 4242\nC: 42", "[CREDIT_CARD_1] [card number] [card number]"),
        # Harmless answers.
        ("R: what's your phone number?\nC: 555 123\nC: 4567", "what's your phone number? 555 123 4567"),
        (
            "R: what's the order number?\nC: four two four two four two four two",
            "what's the order number? four two four two four two four two",
        ),
        ("R: how many seats?\nC: twelve hundred\nC: 1250", "how many seats? twelve hundred 1250"),
        ("R: which year was that?\nC: two thousand nineteen", "which year was that? two thousand nineteen"),
        ("R: the last four of your card?\nC: 4242", "the last four of your card? 4242"),
        ("C: in 2020\nC: 2021", "in 2020 2021"),
        ("R: your card number?\nC: one moment, I have two of them", "your card number? one moment, I have two of them"),
        (
            "R: your card number?\nC: how much was it again, 4200?\nR: 4,200 dollars",
            "your card number? how much was it again, 4200? 4,200 dollars",
        ),
    ],
)
def test_over_lines(talk: str, kept: str) -> None:
    assert " ".join(each[3:] for each in heard(talk)) == kept


def test_a_topic_is_forgotten_after_a_minute() -> None:
    assert (
        heard("R: your card number?\nC: it's 4810 and that is all", pause_ms=70_000)[1]
        == "C: it's 4810 and that is all"
    )


def test_words_keep_their_time_and_lose_their_text() -> None:
    spoken = line("my card is 4242 4242 4242 4242 thanks", start_ms=7_000)
    found = Redactor(["pci"]).hear(spoken).line
    assert [word.text for word in found.words] == ["my", "card", "is", "[card number]", "thanks"]
    assert (found.words[3].start_ms, found.words[3].end_ms) == (spoken.words[3].start_ms, spoken.words[6].end_ms)
    assert (found.start_ms, found.end_ms) == (spoken.start_ms, spoken.end_ms)


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (["my", "card", "four", "two", "four", "two"] + 6 * ["forty-two"], ["my", "card", "[card number]"]),
        (["my", "card", "4242 4242", "4242 4242"], []),
        (["my", "card", "there"], []),
    ],
)
def test_words_that_are_not_those_of_the_text_carry_nothing(words: list[str], kept: list[str]) -> None:
    timed = tuple(Word(text, at, at + 1, 0.9) for at, text in enumerate(words))
    spoken = line("my card 4242424242424242")
    found = Redactor(["pci"]).hear(
        type(spoken)(CUSTOMER, spoken.text, 0, 99, 0.9, is_final=True, utterance=1, provider="x", words=timed)
    )
    assert found.line.text == "my card [card number]"
    assert [word.text for word in found.line.words] == kept


def test_an_interim_shows_no_number_that_grows_and_leaves_no_trace() -> None:
    redactor = Redactor(["pci"])
    said = ["my", "card", "number", "is", "four", "two", "four", "two", "four", "two", "four", "two"]
    for upto in range(1, len(said) + 1):
        shown = redactor.hear(line(" ".join(said[:upto]), is_final=False)).line.text
        assert shown == " ".join(said[: min(upto, 4)]) + (" [card number]" if upto > 4 else "")
    assert redactor.hear(line("it's 4810 and that is all")).line.text == "it's 4810 and that is all"


def test_an_interim_of_a_long_number_without_a_cue_is_masked_until_it_is_known() -> None:
    redactor = Redactor(["pci"])
    assert redactor.hear(line("so 4242 42", is_final=False)).line.text == "so 4242 42"
    assert redactor.hear(line("so 4242 424", is_final=False)).line.text == "so [number]"
    assert redactor.hear(line("call 555 123 4567", is_final=False)).line.text == "call [number]"
    assert redactor.hear(line("call 555 123 4567")).line.text == "call 555 123 4567"


def test_whoever_takes_over_knows_what_is_being_read() -> None:
    first, second = Redactor(["pci"]), Redactor(["pci"])
    log = [first.hear(line("your card number?", channel=REP)).line, first.hear(line("4242", start_ms=2_000)).line]
    second.restore(log)
    assert second.hear(line("42", start_ms=4_000)).line.text == "[card number]"


def test_late_lines_know_what_was_said_before_them_and_leave_no_trace() -> None:
    redactor = Redactor(["pci"])
    redactor.hear(line("what is the card number?", channel=REP))
    redactor.hear(line("it costs 49 dollars", start_ms=30_000))
    aside = redactor.aside(5_000)
    assert aside.hear(line("4242", start_ms=5_000)).line.text == "[card number]"
    assert Redactor(["pci"]).aside(5_000).hear(line("4242", start_ms=5_000)).line.text == "4242"


def test_a_redactor_without_kinds_changes_nothing() -> None:
    spoken = line("my card is 4242 4242 4242 4242")
    assert Redactor([]).hear(spoken).line is spoken
