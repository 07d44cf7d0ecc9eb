"""Reading the ledger: costs by call, by day, by rep, always within the current business."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Max, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate

from billing.costs import CallCost, Cost, DayCost, MemberCost
from billing.models import UsageEntry
from tenants.members.models import Member

_COSTS = {
    "micros": Coalesce(Sum("cost_micros"), 0),
    "waste_micros": Coalesce(Sum("cost_micros", filter=Q(is_waste=True)), 0),
    "unpriced": Count("id", filter=Q(cost_micros__isnull=True)),
    "entries": Count("id"),
}


def between(first: date, last: date) -> QuerySet[UsageEntry]:
    """The entries of the days `first` to `last`, both included, in UTC."""
    start = datetime.combine(first, time.min, tzinfo=UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, tzinfo=UTC)
    return UsageEntry.objects.filter(at__gte=start, at__lt=end)


def costs_of_calls(call_ids: Sequence[uuid.UUID]) -> list[CallCost]:
    rows = UsageEntry.objects.filter(call_id__in=call_ids).order_by().values("call_id", "component").annotate(**_COSTS)
    return [CallCost(call_id, components) for call_id, components in _grouped(rows, "call_id").items()]


def newest_calls(entries: QuerySet[UsageEntry], *, limit: int | None) -> list[uuid.UUID]:
    """The calls of `entries`, the one used last first."""
    rows = (
        entries.filter(call_id__isnull=False)
        .order_by()
        .values("call_id")
        .annotate(last=Max("at"))
        .order_by("-last", "call_id")
    )
    return [call_id for row in rows[:limit] if (call_id := row["call_id"]) is not None]


def costs_by_day(entries: QuerySet[UsageEntry]) -> list[DayCost]:
    """Newest day first; days without usage are left out."""
    dated = entries.order_by().annotate(day=TruncDate("at", tzinfo=UTC))
    groups = _grouped(dated.values("day", "component").annotate(**_COSTS), "day")
    # Second: the ledger only grows, so what was found above is found here, whoever writes in between.
    calls = dict(dated.values("day").annotate(calls=Count("call_id", distinct=True)).values_list("day", "calls"))
    return [DayCost(day, calls[day], groups[day]) for day in sorted(groups, reverse=True)]


def costs_by_member(entries: QuerySet[UsageEntry]) -> list[MemberCost]:
    """The dearest rep first. Members who left keep their name as long as their row is there."""
    plain = entries.order_by()
    groups = _grouped(plain.values("member_id", "component").annotate(**_COSTS), "member_id")
    # Second, as above.
    calls = dict(
        plain.values("member_id").annotate(calls=Count("call_id", distinct=True)).values_list("member_id", "calls")
    )
    names = member_names(member_id for member_id in groups if member_id is not None)
    costs = [
        MemberCost(member_id, names.get(member_id, "Nobody"), calls[member_id], components)
        for member_id, components in groups.items()
    ]
    return sorted(costs, key=lambda cost: (-cost.total.micros, cost.name))


def member_of_call(call_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, int | None]:
    rows = UsageEntry.objects.filter(call_id__in=call_ids).order_by("call_id", "id").values_list("call_id", "member_id")
    members: dict[uuid.UUID, int | None] = {}
    for call_id, member_id in rows:
        if call_id is not None and members.get(call_id) is None:
            members[call_id] = member_id
    return members


def started_of_call(call_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    """When each call first used anything."""
    rows = UsageEntry.objects.filter(call_id__in=call_ids).order_by("call_id", "at").values_list("call_id", "at")
    started: dict[uuid.UUID, datetime] = {}
    for call_id, at in rows:
        if call_id is not None:
            started.setdefault(call_id, at)
    return started


def member_names(member_ids: Iterable[int]) -> dict[int | None, str]:
    return dict(Member.objects.filter(pk__in=list(member_ids)).values_list("pk", "name"))


def _grouped(rows: Iterable[Mapping[str, Any]], key: str) -> dict[Any, dict[str, Cost]]:
    groups: dict[Any, dict[str, Cost]] = defaultdict(dict)
    for row in rows:
        groups[row[key]][row["component"]] = Cost(
            micros=int(row["micros"]),
            waste_micros=int(row["waste_micros"]),
            unpriced=row["unpriced"],
            entries=row["entries"],
        )
    return dict(groups)
