"""Price arithmetic: whole micro-dollars, the price of the day, no price is not zero."""

from __future__ import annotations

from datetime import date

import pytest

from billing.prices import Rate, cost_micros, rate_in_force, usd
from billing.rates.list_prices import LIST_PRICES

MAY = date(2026, 5, 5)
AUGUST = date(2026, 8, 1)


def rate(micros: int = 4_800, per: int = 60_000, *, model: str = "nova-3", valid_from: date = AUGUST) -> Rate:
    return Rate("speech", "deepgram", model, "audio_ms", micros, per, valid_from, "a test")


def in_force(rates: list[Rate], day: date, *, model: str = "nova-3") -> Rate | None:
    return rate_in_force(rates, component="speech", provider="deepgram", model=model, unit="audio_ms", day=day)


def test_an_hour_of_two_channels_costs_what_the_vendor_says() -> None:
    assert cost_micros(2 * 3_600_000, rate()) == 576_000  # 0.0048 $/min × 120 min


def test_half_a_micro_dollar_is_rounded_up() -> None:
    assert cost_micros(1, rate(micros=1, per=2)) == 1
    assert cost_micros(49, rate(micros=1, per=100)) == 0
    assert cost_micros(50, rate(micros=1, per=100)) == 1


def test_nothing_costs_nothing() -> None:
    assert cost_micros(0, rate()) == 0


@pytest.mark.parametrize("quantity", [-1, -60_000])
def test_a_negative_quantity_is_refused(quantity: int) -> None:
    with pytest.raises(ValueError, match="never negative"):
        cost_micros(quantity, rate())


def test_a_rate_buys_at_least_one_unit() -> None:
    with pytest.raises(ValueError, match="at least one"):
        rate(per=0)


def test_the_newest_price_not_after_the_day_is_in_force() -> None:
    prices = [rate(4_300, valid_from=MAY), rate(7_700, valid_from=AUGUST)]
    assert in_force(prices, date(2026, 7, 31)) == prices[0]
    assert in_force(prices, AUGUST) == prices[1]
    assert in_force(prices, date(2026, 5, 4)) is None


def test_a_dated_snapshot_has_its_models_price() -> None:
    plain, own = rate(1), rate(2, model="nova-3-2026-09-22")
    assert in_force([plain], date(2026, 11, 1), model="nova-3-2026-09-22") == plain
    assert in_force([plain, own], date(2026, 11, 1), model="nova-3-2026-09-22") == own


def test_a_providers_price_is_used_only_without_the_models_own() -> None:
    everything, own = rate(0, 1, model="", valid_from=AUGUST), rate(5, valid_from=MAY)
    assert in_force([everything, own], date(2026, 11, 1)) == own
    assert in_force([everything], date(2026, 11, 1), model="anything") == everything


def test_dollars_for_people() -> None:
    assert usd(9_600) == "$0.0096"
    assert usd(1_234_567_890, digits=2) == "$1,234.57"
    assert usd(50, digits=4) == "$0.0001"
    assert usd(9_600, digits=6) == "$0.009600"


def test_every_list_price_says_where_and_when_it_was_read() -> None:
    assert all(price.source for price in LIST_PRICES)
    keys = [(price.component, price.provider, price.model, price.unit, price.valid_from) for price in LIST_PRICES]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("component", "provider", "model", "unit", "dollars", "per"),
    [
        ("speech", "deepgram", "nova-3", "audio_ms", 0.0048, 60_000),
        ("speech", "deepgram", "nova-3-prerecorded", "audio_ms", 0.0077, 60_000),
        ("model", "openai", "gpt-6-luna", "input_tokens", 0.10, 1_000_000),
        ("model", "openai", "gpt-6-luna", "cached_tokens", 0.01, 1_000_000),
        ("model", "openai", "gpt-6-luna", "cache_write_tokens", 0.125, 1_000_000),
        ("model", "openai", "gpt-6-luna", "output_tokens", 0.50, 1_000_000),
        ("model", "openai", "gpt-6.1-terra", "output_tokens", 5.00, 1_000_000),
        ("model", "openai", "gpt-5.6-luna", "input_tokens", 0.20, 1_000_000),
        ("speech", "local", "any", "audio_ms", 0, 1),
        ("speech", "browser", "any", "audio_ms", 0, 1),
    ],
)
def test_list_prices_are_those_of_the_vendors(
    component: str, provider: str, model: str, unit: str, dollars: float, per: int
) -> None:
    found = rate_in_force(
        LIST_PRICES, component=component, provider=provider, model=model, unit=unit, day=date(2026, 11, 22)
    )
    assert found is not None
    assert (found.micros, found.per) == (round(dollars * 1_000_000), per)
