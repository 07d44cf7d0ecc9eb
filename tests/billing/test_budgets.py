"""Budgets: shown, marked and counted when exceeded; nothing is stopped."""

from __future__ import annotations

import uuid

import pytest

from billing import budgets
from billing.ledger import record
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tests.billing.conftest import NOON, Meter
from tests.conftest import ClientFor, MakeMember

CALL = uuid.uuid4()
PAGE = "/billing/?from=2026-11-01&to=2026-11-30"


def spend(metered: Meter, minutes: int) -> None:
    """A minute of one channel costs $0.0048."""
    record([metered(CALL, 1, quantity=60_000 * minutes)])


def counted(budget: str) -> float:
    return float(budgets.exceeded.labels(budget)._value.get())


@pytest.mark.parametrize(
    ("day_cents", "call_cents", "says"),
    [
        (0, 0, []),
        (100, 100, []),
        (4, 0, ["1 day cost more than the budget of $0.04"]),
        (0, 4, ["1 call cost more than the budget of $0.04"]),
        (4, 3, ["1 day cost more than the budget of $0.04", "1 call cost more than the budget of $0.03"]),
    ],
)
def test_the_billing_page_marks_what_is_above_budget(
    rolled_back: None,
    member: MakeMember,
    client_for: ClientFor,
    metered: Meter,
    day_cents: int,
    call_cents: int,
    says: list[str],
) -> None:
    Policy.objects.update(budget_per_day_cents=day_cents, budget_per_call_cents=call_cents)
    spend(metered, 10)  # $0.048
    page = client_for(member("billing")).get(PAGE).content.decode()
    assert [words for words in says if words not in page] == []
    assert page.count("Over budget") == len(says)
    assert page.count("Nothing was stopped") == len(says)


@pytest.mark.parametrize(("cents", "increase"), [(0, 0), (4, 1), (5, 0)])
def test_a_call_that_ends_above_a_budget_is_counted(
    rolled_back: None, metered: Meter, cents: int, increase: int
) -> None:
    Policy.objects.update(budget_per_day_cents=cents, budget_per_call_cents=cents)
    spend(metered, 10)
    before = (counted("day"), counted("call"))
    budgets.note_ended(CALL, NOON)
    assert (counted("day"), counted("call")) == (before[0] + increase, before[1] + increase)


def test_the_strangers_spending_is_not_ours(
    committed_db: None, acme: Business, globex: Business, metered: Meter
) -> None:
    with business_scope(globex):
        spend(metered, 10)
    with business_scope(acme):
        Policy.objects.update(budget_per_day_cents=1, budget_per_call_cents=1)
        before = (counted("day"), counted("call"))
        budgets.note_ended(CALL, NOON)
        assert (counted("day"), counted("call")) == before
