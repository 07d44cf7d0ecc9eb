"""What stands where something was taken out, and what the policy's kinds take out. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from calls.redaction.numbers import is_placeholder
from calls.redaction.parts import Token
from coaching.types import Word


class Mask(StrEnum):
    """A kind of number. The value is the metric's label; `words` stands in the text."""

    CARD = "card_number"
    CARD_DATE = "card_date"
    CODE = "security_code"
    BANK = "bank_account"
    SOCIAL = "social_security_number"
    NATIONAL = "national_id_number"
    NUMBER = "number"

    @property
    def words(self) -> str:
        return f"[{self.value.replace('_', ' ')}]"


OF_KIND = {
    "pci": frozenset({Mask.CARD, Mask.CARD_DATE, Mask.CODE, Mask.BANK}),
    "ssn": frozenset({Mask.SOCIAL, Mask.NATIONAL}),
    "numbers": frozenset({Mask.NUMBER}),
}
"""By the policy's names."""

_WORDS = tuple(mask.words for mask in Mask)


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens [first, last] of a text are `mask`."""

    first: int
    last: int
    mask: Mask


def wanted(kinds: Collection[str]) -> frozenset[Mask]:
    return frozenset().union(*(OF_KIND.get(kind, frozenset()) for kind in kinds))


def is_masked(word: str) -> bool:
    """Whether a word of the log stands for something that we, or the speech service, took out."""
    return word.startswith(_WORDS) or is_placeholder(word)


def holds_mask(text: str) -> bool:
    """Whether something was taken out of this text of the log."""
    return any(words in text for words in _WORDS) or any(is_placeholder(word) for word in text.split())


def masked_text(text: str, tokens: Sequence[Token], spans: Sequence[Span]) -> str:
    """What is between stays as it was; what ended a masked sentence still ends it."""
    kept: list[str] = []
    at = 0
    for span in spans:
        last = tokens[span.last]
        tail = last.text[-1] if last.text[-1] in ".,;:!?" else ""
        kept += [text[at : tokens[span.first].start], span.mask.words, tail]
        at = last.start + len(last.text)
    return "".join([*kept, text[at:]])


def masked_words(words: Sequence[Word], spans: Sequence[Span]) -> tuple[Word, ...]:
    """The words of a span become one, which keeps their time."""
    kept: list[Word] = []
    at = 0
    for span in spans:
        inside = words[span.first : span.last + 1]
        confidence = min(word.confidence for word in inside)
        kept += words[at : span.first]
        kept.append(Word(span.mask.words, inside[0].start_ms, inside[-1].end_ms, confidence))
        at = span.last + 1
    return (*kept, *words[at:])
