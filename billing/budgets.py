"""Budgets of the business's policy against the ledger: for the billing page and for the metric. Nothing is stopped."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from prometheus_client import Counter

from billing import selectors
from billing.costs import Cost
from tenants.house.policies import current_policy

MICROS_PER_CENT = 10_000

exceeded = Counter(
    "salespilot_budgets_exceeded_total",
    "Calls that ended above a budget of their business, by budget: call, or day (its calls of the day so far).",
    ["budget"],
)


@dataclass(frozen=True, slots=True)
class Budgets:
    """In micro-dollars; 0 is no budget."""

    day_micros: int
    call_micros: int

    def is_day_over(self, cost: Cost) -> bool:
        return 0 < self.day_micros < cost.micros

    def is_call_over(self, cost: Cost) -> bool:
        return 0 < self.call_micros < cost.micros


def current_budgets() -> Budgets:
    policy = current_policy()
    return Budgets(policy.budget_per_day_cents * MICROS_PER_CENT, policy.budget_per_call_cents * MICROS_PER_CENT)


def note_ended(call_id: uuid.UUID, now: datetime) -> None:
    """A call has ended: counts the budgets that are exceeded by now. Without budgets it reads only the policy."""
    budgets = current_budgets()
    if budgets.call_micros and any(budgets.is_call_over(call.total) for call in selectors.costs_of_calls([call_id])):
        exceeded.labels("call").inc()
    today = now.astimezone(UTC).date()
    if budgets.day_micros:
        days = selectors.costs_by_day(selectors.between(today, today))
        if any(budgets.is_day_over(day.total) for day in days):
            exceeded.labels("day").inc()
