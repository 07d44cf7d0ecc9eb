"""Price arithmetic, in integer micro-dollars (1 USD = 1,000,000). Pure: no database, no clock.

Rounding: a cost is `quantity × micros / per`, rounded half up to a whole micro-dollar, once per usage
entry; sums add the rounded entries, so a page's total is always the sum of what it shows. The error is
at most half a micro-dollar per entry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

MICROS_PER_USD = 1_000_000

_SNAPSHOT = re.compile(r"-\d{4}-\d{2}-\d{2}$")


@dataclass(frozen=True, slots=True)
class Rate:
    """What `per` of a unit costs from `valid_from` on. An empty `model` covers every model of the provider."""

    component: str
    provider: str
    model: str
    unit: str
    micros: int
    per: int
    valid_from: date
    source: str

    def __post_init__(self) -> None:
        if self.per < 1 or self.micros < 0:
            raise ValueError("A rate buys at least one unit and is never negative.")


def cost_micros(quantity: int, rate: Rate) -> int:
    """The cost of `quantity` units; half a micro-dollar is rounded up."""
    if quantity < 0:
        raise ValueError("A quantity is never negative.")
    return (2 * quantity * rate.micros + rate.per) // (2 * rate.per)


def rate_in_force(
    rates: Iterable[Rate], *, component: str, provider: str, model: str, unit: str, day: date
) -> Rate | None:
    """The newest rate that was valid on `day`, or None: an unknown price is not zero.

    A rate for the very model wins over one for its undated name (`m-2026-09-22` is a snapshot of `m`),
    and that one over a rate for the whole provider.
    """
    names = {"": 0, _SNAPSHOT.sub("", model): 1, model: 2}
    candidates = [
        rate
        for rate in rates
        if (rate.component, rate.provider, rate.unit) == (component, provider, unit)
        and rate.model in names
        and rate.valid_from <= day
    ]
    return max(candidates, key=lambda rate: (names[rate.model], rate.valid_from), default=None)


def usd(micros: int, *, digits: int = 4) -> str:
    """Micro-dollars as dollars for people, rounded half up: 9600 -> `$0.0096`."""
    scale = 10 ** (6 - digits)
    units = (2 * micros + scale) // (2 * scale)
    whole, rest = divmod(units, 10**digits)
    return f"${whole:,}.{rest:0{digits}d}"
