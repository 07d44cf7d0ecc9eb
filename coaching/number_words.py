"""The words of numbers, money, shares and times. Data only."""

from __future__ import annotations

from fractions import Fraction

from coaching.stems import listed, stem

ONES = {
    "zero": 0, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19, "dozen": 12, "couple": 2,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
SCALES = {"hundred": 100, "thousand": 1_000, "k": 1_000, "grand": 1_000, "million": 1_000_000, "m": 1_000_000,
           "billion": 1_000_000_000}  # fmt: skip
MANY = {"dozens": 12, "hundreds": 100, "thousands": 1_000, "millions": 1_000_000, "billions": 1_000_000_000}
TIMES = {"double": 2, "doubles": 2, "doubled": 2, "doubling": 2, "twice": 2, "triple": 3, "triples": 3, "tripled": 3,
          "thrice": 3, "quadruple": 4, "tenfold": 10, "twofold": 2}  # fmt: skip
PARTS = {"half": Fraction(50), "halves": Fraction(50), "halved": Fraction(50), "third": Fraction(100, 3),
          "thirds": Fraction(200, 3)}  # fmt: skip
CURRENCIES = {
    "$": "dollar", "dollar": "dollar", "dollars": "dollar", "bucks": "dollar", "usd": "dollar", "grand": "dollar",
    "€": "euro", "euro": "euro", "euros": "euro", "eur": "euro",
    "£": "pound", "pound": "pound", "pounds": "pound", "quid": "pound", "gbp": "pound", "¥": "yen", "yen": "yen",
    "cent": "cent", "cents": "cent",
}  # fmt: skip
MINUTES: dict[str, int | Fraction] = {"minute": 1, "hour": 60, "day": 1_440, "week": 10_080, "second": Fraction(1, 60)}
MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
DURATIONS = {name + plural: name for name in (*MINUTES, *MONTHS) for plural in ("", "s")}
DURATIONS |= {"min": "minute", "mins": "minute", "hrs": "hour", "yearly": "year", "monthly": "month"}
VAGUE = frozenset({"seconds", "minutes", "hours", "days", "weeks"})
PERIODS = frozenset(stem(name) for name in DURATIONS)
CALENDAR = frozenset(
    listed(
        "january february march april may june july august september october november december jan feb mar apr jun "
        "jul aug sep sept oct nov dec"
    )
)
SHARE = frozenset({"%", "percent", "percentage", "pct"})
RATES = frozenset({"per", "a", "an", "each", "every"})
SMALL_WORDS = frozenset(
    listed(
        "a an the of our your their its my in on at to for from with by and or is are was were be as that this these "
        "those it we you they i more less other different new"
    )
)
BEGINNINGS = frozenset(
    (*ONES, *TENS, *MANY, *TIMES, *PARTS, *CURRENCIES, *VAGUE, "hundred", "a", "an", "one", "few", "several")
)
LABELS = frozenset({"version", "type", "level", "tier", "phase", "step", "class", "stage", "part", "room", "form"})
