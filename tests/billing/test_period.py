"""Which days a bill covers."""

from __future__ import annotations

from datetime import date

import pytest

from billing.period import Period, PeriodError

TODAY = date(2026, 11, 22)


def test_without_a_wish_it_is_the_last_thirty_days() -> None:
    assert Period.parse({}, today=TODAY) == Period(date(2026, 10, 24), TODAY)


def test_both_days_are_included() -> None:
    assert Period.parse({"from": "2026-11-01", "to": "2026-11-01"}, today=TODAY) == Period(
        date(2026, 11, 1), date(2026, 11, 1)
    )


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"from": "yesterday"}, "YYYY-MM-DD"),
        ({"to": "2026-13-01"}, "YYYY-MM-DD"),
        ({"from": "2026-11-02", "to": "2026-11-01"}, "after"),
        ({"from": "2024-01-01", "to": "2026-01-01"}, "at most"),
        ({"to": "0001-01-02"}, "YYYY-MM-DD"),
    ],
)
def test_odd_days_are_refused_with_a_reason(query: dict[str, str], reason: str) -> None:
    with pytest.raises(PeriodError, match=reason):
        Period.parse(query, today=TODAY)
