"""Money in templates."""

from __future__ import annotations

from django import template

from billing.costs import Cost
from billing.prices import usd
from billing.reports import NO_PRICE

register = template.Library()


@register.filter
def dollars(cost: Cost) -> str:
    """`$0.0096`; `no price` when nothing in it has one; `from $0.0096` when a part has none."""
    if not cost.entries:
        return "–"
    if not cost.is_known:
        return NO_PRICE
    amount = usd(cost.micros)
    return f"from {amount}" if cost.unpriced else amount


@register.filter
def budget(micros: int) -> str:
    """`$50.00`"""
    return usd(micros, digits=2)


@register.filter
def waste(cost: Cost) -> str:
    """What discarded speculation cost, or a dash."""
    return usd(cost.waste_micros) if cost.waste_micros else "–"
