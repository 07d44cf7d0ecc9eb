"""Writing the price list. Runs in the shared schema, as the owner."""

from __future__ import annotations

from billing.rates.list_prices import LIST_PRICES
from billing.rates.models import Price


def seed_prices() -> int:
    """Adds the list prices that are missing; never changes a row. Returns how many rows are new.

    Safe to run at every start and by two processes at once: existing rows are left as they are.
    """
    before = Price.objects.count()
    Price.objects.bulk_create(
        [
            Price(
                component=rate.component,
                provider=rate.provider,
                model=rate.model,
                unit=rate.unit,
                micros=rate.micros,
                per=rate.per,
                valid_from=rate.valid_from,
                source=rate.source,
            )
            for rate in LIST_PRICES
        ],
        ignore_conflicts=True,
    )
    return Price.objects.count() - before
