"""The three tables of a bill: calls, days, reps. One build for the page and for the export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from billing import selectors
from billing.budgets import Budgets, current_budgets
from billing.costs import Cost
from billing.period import Period
from billing.prices import usd
from tenants.spreadsheets import csv_line, inert

COMPONENTS = ("speech", "model", "storage")
CALLS_SHOWN = 200
"""Calls on the page; the export has them all."""

NO_PRICE = "no price"


class Costed(Protocol):
    @property
    def total(self) -> Cost: ...

    def of(self, component: str) -> Cost: ...


@dataclass(frozen=True, slots=True)
class Row:
    """One line: who or what, then the costs of `COMPONENTS`, then the sum. `call_id` makes it a link.

    `is_over_budget`: the day, or the call, cost more than the business's policy has for it.
    """

    label: str
    detail: str
    components: tuple[Cost, ...]
    total: Cost
    call_id: str = ""
    is_over_budget: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    key: str
    title: str
    first_column: str
    second_column: str
    rows: tuple[Row, ...]
    is_cut: bool = False

    @property
    def total(self) -> Cost:
        return sum((row.total for row in self.rows), Cost())

    @property
    def over_budget(self) -> int:
        """How many of the rows are above the budget."""
        return sum(row.is_over_budget for row in self.rows)


@dataclass(frozen=True, slots=True)
class Bill:
    """A period's costs, three ways. `total` is over everything, also what the page does not list."""

    period: Period
    total: Cost
    by_component: tuple[tuple[str, Cost], ...]
    tables: tuple[Table, ...]
    budgets: Budgets


TABLES = ("calls", "days", "reps")


def bill(period: Period) -> Bill:
    """Reads within the current business."""
    days = table("days", period)
    by_component = tuple(
        (name, sum((row.components[index] for row in days.rows), Cost())) for index, name in enumerate(COMPONENTS)
    )
    tables = (table("calls", period, limit=CALLS_SHOWN), days, table("reps", period))
    return Bill(period, days.total, by_component, tables, current_budgets())


def table(key: str, period: Period, *, limit: int | None = None) -> Table:
    """One of `TABLES`; raises KeyError for another key."""
    return {"calls": _calls, "days": _days, "reps": _reps}[key](period, limit)


def _calls(period: Period, limit: int | None) -> Table:
    entries = selectors.between(period.first, period.last)
    call_ids = selectors.newest_calls(entries, limit=limit)
    budgets = current_budgets()
    costs = {cost.call_id: cost for cost in selectors.costs_of_calls(call_ids)}
    members, started = selectors.member_of_call(call_ids), selectors.started_of_call(call_ids)
    names = selectors.member_names(member for member in members.values() if member is not None)
    rows = (
        _row(
            f"{started[call_id]:%Y-%m-%d %H:%M}",
            names.get(members.get(call_id), ""),
            costs[call_id],
            call_id=str(call_id),
            is_over_budget=budgets.is_call_over(costs[call_id].total),
        )
        for call_id in call_ids
    )
    return Table(
        "calls", "By call", "Call (UTC)", "Rep", tuple(rows), is_cut=limit is not None and len(call_ids) == limit
    )


def _days(period: Period, limit: int | None) -> Table:  # noqa: ARG001 -- a period has few days
    costs = selectors.costs_by_day(selectors.between(period.first, period.last))
    budgets = current_budgets()
    rows = (
        _row(cost.day.isoformat(), str(cost.calls), cost, is_over_budget=budgets.is_day_over(cost.total))
        for cost in costs
    )
    return Table("days", "By day", "Day (UTC)", "Calls", tuple(rows))


def _reps(period: Period, limit: int | None) -> Table:  # noqa: ARG001 -- a business has few reps
    costs = selectors.costs_by_member(selectors.between(period.first, period.last))
    return Table("reps", "By rep", "Rep", "Calls", tuple(_row(cost.name, str(cost.calls), cost) for cost in costs))


def _row(label: str, detail: str, costed: Costed, *, call_id: str = "", is_over_budget: bool = False) -> Row:
    components = tuple(costed.of(name) for name in COMPONENTS)
    return Row(label, detail, components, costed.total, call_id, is_over_budget)


def csv_lines(rows_of: Table) -> Iterator[str]:
    """The table as CSV, line by line. Money in dollars with six digits: exact to the micro-dollar."""
    head = [rows_of.first_column, rows_of.second_column, *(f"{name} USD" for name in COMPONENTS)]
    yield csv_line([*head, "total USD", "waste USD", "entries without price", "call id"])
    for row in rows_of.rows:
        yield csv_line(_csv_row(row))


def _csv_row(row: Row) -> Iterable[str]:
    money = (_exact(cost) for cost in (*row.components, row.total))
    waste = usd(row.total.waste_micros, digits=6).lstrip("$").replace(",", "")
    return [inert(row.label), inert(row.detail), *money, waste, str(row.total.unpriced), row.call_id]


def _exact(cost: Cost) -> str:
    return usd(cost.micros, digits=6).lstrip("$").replace(",", "") if cost.is_known else NO_PRICE
