"""The days a bill covers, parsed from a query. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

LONGEST_DAYS = 366
USUAL_DAYS = 30
FIRST_YEAR, LAST_YEAR = 2000, 2999


class PeriodError(ValueError):
    """The asked days make no period; the message says what to write instead."""


@dataclass(frozen=True, slots=True)
class Period:
    """From `first` to `last`, both included, days in UTC; at most 366."""

    first: date
    last: date

    @classmethod
    def parse(cls, query: Mapping[str, str], *, today: date) -> Period:
        """`from` and `to` as YYYY-MM-DD; what is missing makes the usual 30 days. Raises `PeriodError`."""
        last = _day(query.get("to", ""), today)
        first = _day(query.get("from", ""), last - timedelta(days=USUAL_DAYS - 1))
        if first > last:
            raise PeriodError("The first day lies after the last day.")
        if (last - first).days >= LONGEST_DAYS:
            raise PeriodError(f"Choose at most {LONGEST_DAYS} days.")
        return cls(first, last)


def _day(text: str, default: date) -> date:
    if not text.strip():
        return default
    try:
        day = date.fromisoformat(text.strip())
    except ValueError:
        raise PeriodError("Write days as YYYY-MM-DD.") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise PeriodError(f"Write days as YYYY-MM-DD, from {FIRST_YEAR} to {LAST_YEAR}.")
    return day
