"""Amounts in a sentence, each with its unit and what it counts: digits and words, money, shares, times. Pure.

"$49 per seat" and "forty-nine dollars a seat" are one amount; "49 percent", "49 seats" and "49 days" are three others.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from coaching import number_words as table
from coaching.stems import stem

_TOKEN = re.compile(r"\d+(?:[.,:/]\d+)*|[^\W\d_]+(?:'[^\W\d_]+)*|[$€£¥%]|⁄")
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
        return self.unit in table.CURRENCIES.values()

    @property
    def is_share(self) -> bool:
        return self.unit in ("percent", "times")

    def is_held_by(self, fact: Measure) -> bool:
        """Whether a fact that holds `fact` says this much: same amount, nothing else counted, not for something else.

        A bare number may leave out the fact's currency ("forty-nine per seat").
        """
        if self.value != fact.value or (fact.bound and fact.bound != self.bound):
            return False
        if not self.per <= fact.per | (fact.near - table.PERIODS):
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
        if word not in table.BEGINNINGS and not word[0].isdigit():
            return None
        return self._vague(at, word) or self._exact(at, word)

    def _vague(self, at: int, word: str) -> tuple[int, Measure] | None:
        """An amount that is no number: twice, half, thousands of, a few."""
        if word in table.TIMES:
            return at + 1, Measure(Fraction(table.TIMES[word]), "times")
        if word in table.MANY:
            return at + 1, Measure(Fraction(table.MANY[word]), "many", self._nouns(at + 1))
        if word in table.PARTS:
            return self._part(at)
        if word in ("few", "several"):
            return self._span(at + 1, FEW)
        is_span = word in table.VAGUE and self._word_at(at - 1) in (
            "in",
            "within",
            "takes",
            "take",
            "only",
            "just",
            "mere",
        )
        return self._span(at, FEW) if is_span else None

    def _exact(self, at: int, word: str) -> tuple[int, Measure] | None:
        if word in ("a", "an", "one"):
            return self._single(at)
        if word in table.CURRENCIES and self._word_at(at + 1)[:1].isdigit():
            number = self._number(at + 1)
            return None if number is None else self._money(number[0], number[1], table.CURRENCIES[word], at)
        number = self._number(at)
        return None if number is None else self._amount(at, *number)

    def _part(self, at: int) -> tuple[int, Measure] | None:
        word, after = self._word_at(at), self._word_at(at + 1)
        if word == "half" and after in ("a", "an") and self._word_at(at + 2) in table.DURATIONS:
            return self._span(at + 2, Fraction(1, 2))
        if word == "half" and after in table.DURATIONS:
            return self._span(at + 1, Fraction(1, 2))
        if word in ("third", "thirds") and self._word_at(at - 1) not in ("a", "one", "two"):
            return None
        return at + 1, Measure(table.PARTS[word], "percent")

    def _single(self, at: int) -> tuple[int, Measure] | None:
        """ "In a week" is one week; "49 dollars a week" is no duration, and its rate was read with the sum."""
        after = self._word_at(at + 1)
        if after in table.SCALES and self._word_at(at) != "an" and after not in ("k", "m"):
            number = self._number(at)
            return None if number is None else self._amount(at, *number)
        if self._word_at(at) == "one" and (after in table.SHARE or after in table.CURRENCIES):
            return self._amount(at, Fraction(1), at + 1)
        before = self._word_at(at - 1)
        is_rate = self._word_at(at) != "one" and (
            before in table.DURATIONS or before in ("once", "times", "much", "many")
        )
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
        while self._word_at(at) in table.SCALES:
            value *= table.SCALES[self._word_at(at)]
            at += 1
        return value, at

    def _words(self, at: int) -> tuple[Fraction, int] | None:
        start, total, last = at, 0, 0
        while True:
            word = self._word_at(at)
            if word == "and" and at > start and self._lowered[at - 1] in table.SCALES and self._is_word(at + 1):
                at += 1
                continue
            if word in table.SCALES and word not in ("k", "m", "grand") and (at > start or word == "hundred"):
                last = max(last, 1) * table.SCALES[word]
                if table.SCALES[word] >= 1_000:
                    total, last = total + last, 0
            elif (word in ("a", "one") and self._word_at(at + 1) in table.SCALES) or (
                word == "one" and at > start and self._lowered[at - 1] in (*table.TENS, *table.SCALES)
            ):
                last += 1
            elif word in table.TENS and (last % 100 == 0):
                last += table.TENS[word]
            elif word in table.ONES and (last % 10 == 0) and (last % 100 == 0 or table.ONES[word] < 10):
                last += table.ONES[word]
            else:
                break
            at += 1
        return (Fraction(total + last), at) if at > start else None

    def _is_word(self, at: int) -> bool:
        return self._word_at(at) in table.ONES or self._word_at(at) in table.TENS

    def _amount(self, start: int, value: Fraction, at: int) -> tuple[int, Measure]:
        word = self._word_at(at)
        if word == "of" and self._lowered[at - 1] in ("couple", "dozen"):
            at, word = at + 1, self._word_at(at + 1)
        if word in table.SHARE or (word == "per" and self._word_at(at + 1) == "cent"):
            return at + (1 if word in table.SHARE else 2), Measure(value, "percent", bound=self._bound(start))
        if word in table.CURRENCIES:
            return self._money(value, at + 1, table.CURRENCIES[word], start)
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
        if word in table.CALENDAR or (before in table.CALENDAR and self._raw[start - 1][:1].isupper()):
            month = word if word in table.CALENDAR else before
            return at + (word in table.CALENDAR), Measure(value, "date", (month[:3],))
        raw = self._raw[start - 1] if start else ""
        if before in table.LABELS or (raw.isupper() and raw.isalpha() and raw not in ("I", "A")):
            return at, Measure(value, "label", (before,))
        if before == "the" and self._word_at(start - 2) == "of":
            return at, Measure(value)
        per, end = self._per(at)
        return (end, Measure(value, per=per)) if per else (at, Measure(value, "", self._nouns(at)))

    def _money(self, value: Fraction, at: int, currency: str, start: int) -> tuple[int, Measure]:
        if self._word_at(at) in table.CURRENCIES and table.CURRENCIES[self._word_at(at)] == currency:
            at += 1
        per, end = self._per(at)
        return end, Measure(value, currency, per=per, bound=self._bound(start))

    def _span(self, at: int, value: Fraction, start: int | None = None) -> tuple[int, Measure] | None:
        name = table.DURATIONS.get(self._word_at(at))
        if name is None:
            return None
        unit, size = (
            ("minutes", Fraction(table.MINUTES[name]))
            if name in table.MINUTES
            else ("months", Fraction(table.MONTHS[name]))
        )
        bound = self._bound(start) if start is not None else ""
        return at + 1, Measure(value if value == FEW else value * size, unit, bound=bound)

    def _per(self, at: int) -> tuple[frozenset[str], int]:
        found: set[str] = set()
        while True:
            step = 1 if self._word_at(at) == "and" and found else 0
            if self._word_at(at + step) in table.RATES and self._word_at(at + step + 1):
                step += 1
            elif not step:
                break
            word = self._word_at(at + step)
            if not word.isalpha() or (step == 1 and self._word_at(at) == "and" and word not in table.DURATIONS):
                break
            found.add(stem(word))
            at += step + 1
        return frozenset(found), at

    def _nouns(self, at: int) -> tuple[str, ...]:
        nouns = []
        for word in self._lowered[at : at + 6]:
            if not word.isalpha() or word in ("?", "and", "or"):
                break
            if word not in table.SMALL_WORDS:
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
