"""What a text is taken apart into. Pure.

A **token** is what stands between spaces. A **chunk** is a number somebody said in one go, with its digits; a **run**
is chunks in a row, with nothing but pauses and fillers between.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Token:
    """`word` is the text in small letters without the punctuation around it; `start` its place in the text."""

    text: str
    word: str
    start: int


@dataclass(frozen=True, slots=True)
class Chunk:
    """Tokens [first, last] are one number. `ways`: its digits, in each way it can be meant.

    `is_spoken`: in words; `is_cardinal`: with “hundred” or “thousand”; `is_amount`: with a decimal or thousands point,
    a currency or a percent sign, or a time of day; `is_date`: with slashes; `has_plus`: a telephone number.
    """

    first: int
    last: int
    ways: tuple[str, ...]
    is_spoken: bool = False
    is_cardinal: bool = False
    is_amount: bool = False
    is_date: bool = False
    has_plus: bool = False
    groups: tuple[str, ...] = ()

    @property
    def digits(self) -> str:
        return self.ways[0]


@dataclass(frozen=True, slots=True)
class Run:
    """Chunks in a row. `is_quantity`: it counts something, dates something or is a price; `is_counting`: 8, 9, 10…"""

    chunks: tuple[Chunk, ...]
    is_quantity: bool = False
    is_counting: bool = False
    groups: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        return self.chunks[0].first

    @property
    def last(self) -> int:
        return self.chunks[-1].last

    @property
    def digits(self) -> str:
        return "".join(chunk.digits for chunk in self.chunks)

    @property
    def most_digits(self) -> int:
        """However it is meant."""
        return sum(max(map(len, chunk.ways)) for chunk in self.chunks)

    @property
    def is_spoken(self) -> bool:
        return all(chunk.is_spoken for chunk in self.chunks)

    @property
    def has_plus(self) -> bool:
        return self.chunks[0].has_plus

    @property
    def is_one_by_one(self) -> bool:
        """Each digit was spoken by itself, as nobody says a quantity or a year."""
        return self.is_spoken and len(self.chunks) == len(self.digits)
