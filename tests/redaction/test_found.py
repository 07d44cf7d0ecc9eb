"""What is taken out of one line: numbers written and spoken, with what was said around them."""

from __future__ import annotations

import pytest

from calls.redaction import redacted_text

ALL = ("pci", "ssn")

CARDS = [
    "4242424242424242",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242.",
    "4242.4242.4242.4242",
    "4242, 4242, 4242, 4242",
    "4242–4242–4242–4242",
    "(4242 4242 4242 4242)",
    "it's 3782 822463 10005",
    "378282246310005 is what it says",
    "6011 1111 1111 1117 thanks",
    "5555-5555-5555-4444 and that's all",
    "3056 9309 0259 04",
    "four two four two four two four two four two four two four two four two",
    "Four two four two. Four two four two. Four two four two. Four two four two.",
    "forty-two forty-two forty-two forty-two forty-two forty-two forty-two forty-two",
    "forty two forty two forty two forty two forty two forty two forty two forty two",
    "four thousand two hundred forty two four thousand two hundred forty two 4242 4242",
    "double four double two um 4242 okay",
    "four one one one, one one one one, one one one one, one one one one",
    "four triple one quadruple one quadruple one quadruple one",
    "four triple one double one double one quadruple one one one one one",
    "fifty five fifty five fifty five fifty five fifty five fifty five forty four forty four",
    "six oh one one one one one one one one one one one one one seven",
    "six zero eleven eleven eleven eleven eleven eleven seventeen",
    "it is four-two-four-two um four-two-four-two and then four-two-four-two and four-two-four-two",
    "4242 uh 4242 let me see 4242 hold on 4242",
    "42 42 42 42 42 42 42 42",
    "the card number is 4242",
    "my card number is four two four two",
    "the number on the card is 1234 5678",
    "card number 4242 4242 4242 4241",
    "you can charge my visa 4111 1111",
    "it's on my card 5105 1051",
    "my amex is three seven eight two",
    "1234 5678 is the number on my card",
    "4000 1234 5678 9017 0",
    "so 5454545415687895 it says",
    "3141 5926",
]
CODES = [
    "the cvv is 312",
    "security code three one two",
    "312 is the security code",
    "the three digits on the back are three one two",
    "the code on the back is 9 0 1",
    "my pin is 4821",
    "the pin number is four eight two one",
    "the verification code is 482911",
    "the one time password is 598422",
    "your one-time code is four eight two nine one one",
    "otp 3355",
    "the code you sent me, sorry, the code in the text is 77 12 90",
    "the passcode is double four nine one",
    "cvc double one seven",
    "c v v four four one",
]
DATES = [
    "the card number is on file, expiry 12/27",
    "my credit card expires twelve twenty seven",
    "credit card valid through 0927",
    "the card number again, and expiration date oh nine twenty eight",
]
BANKS = [
    "DE89 3704 0044 0532 0130 00",
    "de89370400440532013000",
    "my iban is GB82 WEST 1234 5698 7654 32",
    "d e eight nine three seven oh four oh oh four four oh five three two oh one three oh oh oh",
    "the routing number is 021000021",
    "routing oh two one oh oh oh oh two one",
    "sort code 20 00 00",
    "my bank account is 31926819",
    "the checking account number is 7474973627",
    "account number is 100999821",
    "my account number is one zero zero nine nine nine eight two one",
]
SOCIALS = [
    "123-45-6789",
    "123 45 6789",
    "my social is one two three four five six seven eight nine",
    "my social security number is 123456789",
    "ssn one two three dash four five dash six seven eight nine",
    "one two three dash four five dash six seven eight nine",
    "the last four of my social are 6789",
    "last four of my ssn six seven eight nine",
]
NATIONALS = [
    "AB 12 34 56 C",
    "AB123456C",
    "a b one two three four five six c",
    "my national insurance number is QQ 12 34 56",
    "86095742719",
    "my Steuer-ID is 86 095 742 719",
    "the taxpayer identification number is 912 70 1234",
    "social insurance number 046 454 286",
]
TABLE = [
    *((text, "[card number]") for text in CARDS),
    *((text, "[security code]") for text in CODES),
    *((text, "[card date]") for text in DATES),
    *((text, "[bank account]") for text in BANKS),
    *((text, "[social security number]") for text in SOCIALS),
    *((text, "[national id number]") for text in NATIONALS),
]


@pytest.mark.parametrize(("text", "mask"), TABLE, ids=[text for text, _ in TABLE])
def test_a_secret_number_is_taken_out(text: str, mask: str) -> None:
    clean, masks = redacted_text(text, ALL)
    assert mask in clean
    assert mask.strip("[]").replace(" ", "_") in masks
    assert clean.count("[") == 1
    assert sum(character.isdigit() for character in clean) == 0


@pytest.mark.parametrize(("text", "mask"), TABLE, ids=[text for text, _ in TABLE])
def test_a_business_that_switched_it_off_keeps_its_text(text: str, mask: str) -> None:
    assert redacted_text(text, ()) == (text, ())


@pytest.mark.parametrize("text", [*CARDS, *CODES, *DATES, *BANKS, *SOCIALS, *NATIONALS])
def test_what_was_masked_is_not_masked_again(text: str) -> None:
    clean, _ = redacted_text(text, ALL)
    assert redacted_text(clean, ALL) == (clean, ())


def test_the_policys_kinds_decide() -> None:
    card, both = "4242 4242 4242 4242", "card 4242 4242 4242 4242 and ssn 123-45-6789, order 88431202"
    assert redacted_text(both, ["pci"])[0] == "card [card number] and ssn 123-45-6789, order 88431202"
    assert redacted_text(both, ["ssn"])[0] == f"card {card} and ssn [social security number], order 88431202"
    assert redacted_text("call 555 123 4567 about the 300 seats", ["numbers"])[0] == "call [number] about the 300 seats"
    assert redacted_text("$12,500 a year for 12 people", ["numbers"])[0] == "$12,500 a year for 12 people"


def test_what_stands_around_stays_as_it_was() -> None:
    text = "So:  my card\nis 4242 4242 4242 4242, right?"
    assert redacted_text(text, ALL)[0] == "So:  my card\nis [card number], right?"
