"""Amounts in a sentence, each with its unit and what it counts: digits and words, money, shares, times. Pure.

"$49 per seat" and "forty-nine dollars a seat" are one amount; "49 percent", "49 seats" and "49 days" are three others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from coaching.stems import listed, stem

_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[$€£¥%]|⁄")
_ONES = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "dozen": 12, "couple": 2,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_SCALES = {"hundred": 100, "thousand": 1_000, "k": 1_000, "grand": 1_000, "million": 1_000_000, "m": 1_000_000,
           "billion": 1_000_000_000}  # fmt: skip
_MANY = {"dozens": 12, "hundreds": 100, "thousands": 1_000, "millions": 1_000_000, "billions": 1_000_000_000}
_TIMES = {"double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "twice": 2, "triple": 3, "triples": 3, "tripled": 3,
          "thrice": 3, "quadruple": 4, "tenfold": 10, "twofold": 2}  # fmt: skip
_PARTS = {"half": Fraction(50), "halves": Fraction(50), "halved": Fraction(50), "third": Fraction(100, 3),
          "thirds": Fraction(200, 3)}  # fmt: skip
_CURRENCIES = {
    "$": "dollar", "dollar": "dollar", "dollars": "dollar", "bucks": "dollar", "usd": "dollar", "grand": "dollar",
    "€": "euro", "euro": "euro", "euros": "euro", "eur": "euro",
    "£": "pound", "pound": "pound", "pounds": "pound", "quid": "pound", "gbp": "pound", "¥": "yen", "yen": "yen",
    "cent": "cent", "cents": "cent",
}  # fmt: skip
_MINUTES: dict[str, int | Fraction] = {"minute": 1, "hour": 60, "day": 1_440, "week": 10_080, "second": Fraction(1, 60)}
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_DURATIONS = {name + plural: name for name in (*_MINUTES, *_MONTHS) for plural in ("", "s")}
_DURATIONS |= {"min": "minute", "mins": "minute", "hrs": "hour", "yearly": "year", "monthly": "month"}
_VAGUE = frozenset({"seconds", "minutes", "hours", "days", "weeks"})
_PERIODS = frozenset(stem(name) for name in _DURATIONS)
_CALENDAR = frozenset(
    listed(
        "january february march april may june july august september october november december jan feb mar apr jun "
        "jul aug sep sept oct nov dec"
    )
)
_SHARE = frozenset({"%", "percent", "percentage", "pct"})
_RATES = frozenset({"per", "a", "an", "each", "every"})
_SMALL_WORDS = frozenset(
    listed(
        "a an the of our your their its my in on at to for from with by and or is are was were be as that this these "
        "those it we you they i more less other different new"
    )
)
_BEGINNINGS = frozenset(
    (*_ONES, *_TENS, *_MANY, *_TIMES, *_PARTS, *_CURRENCIES, *_VAGUE, "hundred", "a", "an", "one", "few", "several")
)
_LABELS = frozenset({"version", "type", "level", "tier", "phase", "step", "class", "stage", "part", "room", "form"})
FEW = Fraction(-1)
"""The value of "a few" and "several": like no number."""

NOUNS_KEPT = 3


@dataclass(frozen=True, slots=True)
class Measure:
    """`unit` is a currency, `percent`, `minutes` or `months` (durations, made comparable), `times`, `clock`, `date`,
    `ordinal`, `label`, `many` (thousands of …), or empty for a plain number. `nouns` are stems of what follows a plain
    number, of the name before a label, of the month of a date; `per` what a rate is for. `bound`: `up to` or `from`.
    `near` are the stems of a fact's sentence: "a seat costs $49" is a price per seat.
    """

    value: Fraction
    unit: str = ""
    nouns: tuple[str, ...] = ()
    per: frozenset[str] = frozenset()
    bound: str = ""
    near: frozenset[str] = frozenset()

    @property
    def is_money(self) -> bool:
        return self.unit in _CURRENCIES.values()

    @property
    def is_share(self) -> bool:
        return self.unit in ("percent", "times")

    def is_held_by(self, fact: Measure) -> bool:
        """Whether a fact that holds `fact` says this much: same amount, nothing else counted, not for something else.

        A bare number may leave out the fact's currency ("forty-nine per seat").
        """
        if self.value != fact.value or (fact.bound and fact.bound != self.bound):
            return False
        if not self.per <= fact.per | (fact.near - _PERIODS):
            return False
        if self.unit == fact.unit:
            return not self.nouns or not fact.nouns or bool(set(self.nouns[:2]) & set(fact.nouns))
        return not self.unit and fact.is_money and not self.nouns


def even(text: str) -> str:
    """One form for letters and digits that look alike to a reader: full-width, raised, ligatures, curly quotes."""
    return unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'")


def measures(text: str) -> tuple[Measure, ...]:
    """All amounts of an even text, in order."""
    return tuple(_joined(_Reader(_TOKEN.findall(text)).read()))


Amounts = Mapping[Fraction, tuple[Measure, ...]]
"""Amounts by their value, to look one up."""


def by_value(found: Iterable[Measure]) -> Amounts:
    rows: dict[Fraction, tuple[Measure, ...]] = {}
    for measure in found:
        rows[measure.value] = (*rows.get(measure.value, ()), measure)
    return rows


def holds(measure: Measure, among: Amounts) -> bool:
    return any(measure.is_held_by(fact) for fact in among.get(measure.value, ()))


def names(measure: Measure, among: Amounts) -> bool:
    """Whether the same amount is among them, whatever it counts there."""
    return any(measure.unit == one.unit for one in among.get(measure.value, ()))


def _joined(found: Iterable[tuple[int, int, Measure]]) -> Iterator[Measure]:
    """Ranges: "30 to 50 percent" are two shares."""
    rows = list(found)
    for number, (_, end, measure) in enumerate(rows):
        if number + 1 < len(rows) and not measure.unit and rows[number + 1][0] - end <= 1:
            after = rows[number + 1][2]
            if after.unit or not measure.nouns:
                yield _in_unit(measure, after)
                continue
        yield measure


def _in_unit(measure: Measure, after: Measure) -> Measure:
    return replace(measure, unit=after.unit, nouns=after.nouns, per=after.per)


class _Reader:
    def __init__(self, raw: list[str]) -> None:
        self._raw = raw
        self._lowered = [word.lower() for word in raw]

    def read(self) -> Iterator[tuple[int, int, Measure]]:
        at = 0
        while at < len(self._lowered):
            found = self._at(at)
            if found is None:
                at += 1
                continue
            end, measure = found
            yield at, end, measure
            at = max(end, at + 1)

    def _word_at(self, at: int) -> str:
        return self._lowered[at] if 0 <= at < len(self._lowered) else ""

    def _at(self, at: int) -> tuple[int, Measure] | None:
        word = self._lowered[at]
        if word not in _BEGINNINGS and not word[0].isdigit():
            return None
        return self._vague(at, word) or self._exact(at, word)

    def _vague(self, at: int, word: str) -> tuple[int, Measure] | None:
        """An amount that is no number: twice, half, thousands of, a few."""
        if word in _TIMES:
            return at + 1, Measure(Fraction(_TIMES[word]), "times")
        if word in _MANY:
            return at + 1, Measure(Fraction(_MANY[word]), "many", self._nouns(at + 1))
        if word in _PARTS:
            return self._part(at)
        if word in ("few", "several"):
            return self._span(at + 1, FEW)
        is_span = word in _VAGUE and self._word_at(at - 1) in ("in", "within", "takes", "take", "only", "just", "mere")
        return self._span(at, FEW) if is_span else None

    def _exact(self, at: int, word: str) -> tuple[int, Measure] | None:
        if word in ("a", "an", "one"):
            return self._single(at)
        if word in _CURRENCIES and self._word_at(at + 1)[:1].isdigit():
            number = self._number(at + 1)
            return None if number is None else self._money(number[0], number[1], _CURRENCIES[word], at)
        number = self._number(at)
        return None if number is None else self._amount(at, *number)

    def _part(self, at: int) -> tuple[int, Measure] | None:
        word, after = self._word_at(at), self._word_at(at + 1)
        if word == "half" and after in ("a", "an") and self._word_at(at + 2) in _DURATIONS:
            return self._span(at + 2, Fraction(1, 2))
        if word == "half" and after in _DURATIONS:
            return self._span(at + 1, Fraction(1, 2))
        if word in ("third", "thirds") and self._word_at(at - 1) not in ("a", "one", "two"):
            return None
        return at + 1, Measure(_PARTS[word], "percent")

    def _single(self, at: int) -> tuple[int, Measure] | None:
        """ "In a week" is one week; "49 dollars a week" is no duration, and its rate was read with the sum."""
        after = self._word_at(at + 1)
        if after in _SCALES and self._word_at(at) != "an" and after not in ("k", "m"):
            number = self._number(at)
            return None if number is None else self._amount(at, *number)
        if self._word_at(at) == "one" and (after in _SHARE or after in _CURRENCIES):
            return self._amount(at, Fraction(1), at + 1)
        before = self._word_at(at - 1)
        is_rate = self._word_at(at) != "one" and (before in _DURATIONS or before in ("once", "times", "much", "many"))
        if is_rate or after in ("second", "seconds", "minute", "quarter"):
            return None
        return self._span(at + 1, Fraction(1))

    def _number(self, at: int) -> tuple[Fraction, int] | None:
        """A number in digits or words from `at`: its value, and where it ends."""
        word = self._word_at(at)
        if word[:1].isdigit():
            value = _digits(word)
            at += 1
        else:
            words = self._words(at)
            if words is None:
                return None
            value, at = words
        while self._word_at(at) in _SCALES:
            value *= _SCALES[self._word_at(at)]
            at += 1
        return value, at

    def _words(self, at: int) -> tuple[Fraction, int] | None:
        start, total, last = at, 0, 0
        while True:
            word = self._word_at(at)
            if word == "and" and at > start and self._lowered[at - 1] in _SCALES and self._is_word(at + 1):
                at += 1
                continue
            if word in _SCALES and word not in ("k", "m", "grand") and (at > start or word == "hundred"):
                last = max(last, 1) * _SCALES[word]
                if _SCALES[word] >= 1_000:
                    total, last = total + last, 0
            elif (word in ("a", "one") and self._word_at(at + 1) in _SCALES) or (
                word == "one" and at > start and self._lowered[at - 1] in (*_TENS, *_SCALES)
            ):
                last += 1
            elif word in _TENS and (last % 100 == 0):
                last += _TENS[word]
            elif word in _ONES and (last % 10 == 0) and (last % 100 == 0 or _ONES[word] < 10):
                last += _ONES[word]
            else:
                break
            at += 1
        return (Fraction(total + last), at) if at > start else None

    def _is_word(self, at: int) -> bool:
        return self._word_at(at) in _ONES or self._word_at(at) in _TENS

    def _amount(self, start: int, value: Fraction, at: int) -> tuple[int, Measure]:
        word = self._word_at(at)
        if word == "of" and self._lowered[at - 1] in ("couple", "dozen"):
            at, word = at + 1, self._word_at(at + 1)
        if word in _SHARE or (word == "per" and self._word_at(at + 1) == "cent"):
            return at + (1 if word in _SHARE else 2), Measure(value, "percent", bound=self._bound(start))
        if word in _CURRENCIES:
            return self._money(value, at + 1, _CURRENCIES[word], start)
        if self._lowered[at - 1] == "grand":
            return self._money(value, at, "dollar", start)
        if word in ("times", "x", "fold"):
            return at + 1, Measure(value, "times")
        return self._span(at, value, start) or self._plain(start, value, at)

    def _plain(self, start: int, value: Fraction, at: int) -> tuple[int, Measure]:
        word, before = self._word_at(at), self._word_at(start - 1)
        if word in ("am", "pm", "o'clock") or ":" in self._word_at(start):
            return at + 1, Measure(value, "clock")
        if word in ("st", "nd", "rd", "th"):
            return at + 1, Measure(value, "ordinal")
        if word in _CALENDAR or (before in _CALENDAR and self._raw[start - 1][:1].isupper()):
            month = word if word in _CALENDAR else before
            return at + (word in _CALENDAR), Measure(value, "date", (month[:3],))
        raw = self._raw[start - 1] if start else ""
        if before in _LABELS or (raw.isupper() and raw.isalpha() and raw not in ("I", "A")):
            return at, Measure(value, "label", (before,))
        if before == "the" and self._word_at(start - 2) == "of":
            return at, Measure(value)
        per, end = self._per(at)
        return (end, Measure(value, per=per)) if per else (at, Measure(value, "", self._nouns(at)))

    def _money(self, value: Fraction, at: int, currency: str, start: int) -> tuple[int, Measure]:
        if self._word_at(at) in _CURRENCIES and _CURRENCIES[self._word_at(at)] == currency:
            at += 1
        per, end = self._per(at)
        return end, Measure(value, currency, per=per, bound=self._bound(start))

    def _span(self, at: int, value: Fraction, start: int | None = None) -> tuple[int, Measure] | None:
        name = _DURATIONS.get(self._word_at(at))
        if name is None:
            return None
        unit, size = ("minutes", Fraction(_MINUTES[name])) if name in _MINUTES else ("months", Fraction(_MONTHS[name]))
        bound = self._bound(start) if start is not None else ""
        return at + 1, Measure(value if value == FEW else value * size, unit, bound=bound)

    def _per(self, at: int) -> tuple[frozenset[str], int]:
        found: set[str] = set()
        while True:
            step = 1 if self._word_at(at) == "and" and found else 0
            if self._word_at(at + step) in _RATES and self._word_at(at + step + 1):
                step += 1
            elif not step:
                break
            word = self._word_at(at + step)
            if not word.isalpha() or (step == 1 and self._word_at(at) == "and" and word not in _DURATIONS):
                break
            found.add(stem(word))
            at += step + 1
        return frozenset(found), at

    def _nouns(self, at: int) -> tuple[str, ...]:
        nouns = []
        for word in self._lowered[at : at + 6]:
            if not word.isalpha() or word in ("?", "and", "or"):
                break
            if word not in _SMALL_WORDS:
                nouns.append(stem(word))
        return tuple(nouns[:NOUNS_KEPT])

    def _bound(self, start: int) -> str:
        if self._word_at(start - 1) == "to" and self._word_at(start - 2) == "up":
            return "up to"
        if self._word_at(start - 1) == "from" or (
            self._word_at(start - 1) == "at" and self._word_at(start - 2) == "starting"
        ):
            return "from"
        return ""


def _digits(word: str) -> Fraction:
    """ "1,250.50" and "1.250,50" as one number; a clock or a ratio by its digits."""
    if ":" in word or "/" in word:
        return Fraction(int("".join(char for char in word if char.isdigit())))
    parts = re.split(r"[.,]", word)
    has_decimals = len(parts) > 1 and len(parts[-1]) != 3
    whole = "".join(parts[:-1] if has_decimals else parts)
    decimals = parts[-1] if has_decimals else ""
    return Fraction(int(whole + decimals), 10 ** len(decimals))
