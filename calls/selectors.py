"""What pages read of calls. Reads only, within the current business."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Case, F, QuerySet, When
from django.utils import timezone

from calls import rep_first
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, Report
from tenants.house.policies import current_policy
from tenants.members.access import reach_of
from tenants.members.models import Member

UNSETTLED = frozenset({"raised", "returned", "open"})


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What the list of calls was asked for. Empty fields ask for everything."""

    customer: str = ""
    member_id: int | None = None
    state: str = ""


@dataclass(frozen=True, slots=True)
class LiveRow:
    """A call in flight, as the board shows it. `rung` is empty until the call has said how it stands."""

    id: uuid.UUID
    customer: str
    member: str
    started_at: datetime
    age_ms: int
    rung: str
    rung_words: str
    last_line: str
    last_channel: str
    open_objections: tuple[str, ...]
    moments: int


def visible_calls(member: Member) -> QuerySet[Call]:
    """The calls of those in the member's reach. Of a held one only that it took place: see `filtered_calls`."""
    return reach_of(member).within(Call.objects.select_related("member")).order_by("-started_at", "id")


def filtered_calls(member: Member, wanted: CallFilter) -> QuerySet[Call]:
    """The list of calls, newest first, each with `talk_ratio` from its report, or None.

    `held_until` is set while a call is its rep's alone (`calls.rep_first`); nothing of what was said is told then.
    """
    calls = visible_calls(member)
    if wanted.customer:
        calls = calls.filter(customer__icontains=wanted.customer)
    if wanted.member_id is not None:
        calls = calls.filter(member_id=wanted.member_id)
    if wanted.state:
        calls = calls.filter(state=wanted.state)
    ratio = F("report__figures__figures__talk_ratio_speech__value")
    return rep_first.with_opening(calls, member).annotate(
        talk_ratio=Case(When(held_until=None, then=ratio), default=None)
    )


def members_with_calls(member: Member) -> QuerySet[Member]:
    """For the list's filter: everyone in the member's reach who has been on a call."""
    people = Member.objects.filter(calls__isnull=False).distinct().order_by("name")
    return reach_of(member).within(people, "pk")


def report_of(call: Call) -> Report | None:
    return Report.objects.filter(call=call).first()


def lines_of(call: Call) -> list[CallEvent]:
    """The call's lines in the order they were spoken: recovered ones are logged late."""
    lines = CallEvent.objects.filter(call=call, kind=Kind.LINE.value)
    return sorted(lines, key=lambda line: (int(line.payload["start_ms"]), line.seq))


def calls_in_flight(member: Member) -> list[LiveRow]:
    """The open calls in the member's reach with the state of their logs, oldest first; none where nobody may watch.

    A few queries, however many calls.
    """
    if not current_policy().allow_live_watching:
        return []
    calls = list(visible_calls(member).filter(state=CallState.OPEN).order_by("started_at"))
    newest = _newest_of(calls, [Kind.LINE, Kind.STATE])
    moments = _moments_of(calls)
    now = timezone.now()
    return [_live_row(call, newest, moments.get(call.id, []), now) for call in calls]


def _live_row(
    call: Call, newest: dict[tuple[uuid.UUID, str], dict[str, Any]], moments: list[dict[str, Any]], now: datetime
) -> LiveRow:
    line = newest.get((call.id, Kind.LINE.value), {})
    state = newest.get((call.id, Kind.STATE.value), {})
    objections = [moment for moment in moments if moment["kind"] == "objection"]
    return LiveRow(
        id=call.id,
        customer=call.customer,
        member=call.member.name,
        started_at=call.started_at,
        age_ms=int((now - call.started_at).total_seconds() * 1000),
        rung=state.get("rung", ""),
        rung_words=state.get("words", ""),
        last_line=line.get("text", ""),
        last_channel=line.get("channel", ""),
        open_objections=tuple(moment["topic"] for moment in objections if moment["state"] in UNSETTLED),
        moments=len(moments),
    )


def _newest_of(calls: Iterable[Call], kinds: Iterable[Kind]) -> dict[tuple[uuid.UUID, str], dict[str, Any]]:
    rows = (
        CallEvent.objects.filter(call__in=list(calls), kind__in=[kind.value for kind in kinds])
        .order_by("call_id", "kind", "-seq")
        .distinct("call_id", "kind")
    )
    return {(row.call_id, row.kind): row.payload for row in rows}


def _moments_of(calls: Iterable[Call]) -> dict[uuid.UUID, list[dict[str, Any]]]:
    """Each moment once, in its newest state: a moment is logged again whenever its state changes."""
    rows = CallEvent.objects.filter(call__in=list(calls), kind=Kind.MOMENT.value).order_by("call_id", "seq")
    found: dict[uuid.UUID, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.call_id, {})[row.payload["id"]] = row.payload
    return {call_id: list(moments.values()) for call_id, moments in found.items()}
