"""Written calls as finished calls of the current business: log, report, and with the report the bill."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from calls import events
from calls.demo.dialogues import Dialogue
from calls.demo.rehearsal import Entry, rehearse
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, ReportState
from calls.reports import write_report
from coaching.services import load_material
from tenants.context import require_tenant
from tenants.house.policies import current_policy
from tenants.members.models import Member, Role

NAMESPACE = uuid.UUID("6f1c7d0e-3d1b-4b1e-9a35-0d2f5c3b9e11")


def finish_calls(dialogues: Sequence[Dialogue]) -> int:
    """Adds the calls that are missing, each with its report. Returns how many are new. Idempotent."""
    business = require_tenant()
    members = {member.email: member for member in Member.objects.all()}
    manager = next((member.name for member in members.values() if member.has_role(Role.MANAGER)), "Manager")
    material = load_material()
    count = 0
    for dialogue in dialogues:
        call_id = uuid.uuid5(NAMESPACE, f"{business.schema_name}/{dialogue.key}")
        if not Call.objects.filter(pk=call_id).exists():
            rep = members[dialogue.member]
            rehearsed = rehearse(dialogue, call_id=str(call_id), rep=rep.name, manager=manager, material=material)
            _save(call_id, dialogue, rep, rehearsed.entries, rehearsed.duration_ms)
            count += 1
        if Call.objects.filter(pk=call_id, report_state=ReportState.DUE).exists():
            write_report(call_id)
    return count


def _save(call_id: uuid.UUID, dialogue: Dialogue, rep: Member, entries: Sequence[Entry], duration_ms: int) -> None:
    started_at = _started_at(dialogue)
    ended_at = started_at + timedelta(milliseconds=duration_ms)
    # One party's consent is enough where the demo's customers are.
    place = current_policy().customers_place
    first = Entry(
        0,
        Kind.CALL_STARTED,
        events.call_started(channels=2, source="browser", customer=dialogue.customer, member=rep.name, place=place),
    )
    rows = [
        CallEvent(
            call_id=call_id,
            seq=seq,
            at=started_at + timedelta(milliseconds=entry.at_ms),
            kind=entry.kind.value,
            payload=dict(entry.payload),
        )
        for seq, entry in enumerate((first, *entries), start=1)
    ]
    with transaction.atomic():
        Call.objects.create(
            id=call_id,
            member=rep,
            customer=dialogue.customer,
            place=place,
            state=CallState.ENDED,
            started_at=started_at,
            ended_at=ended_at,
            end_reason="hung_up",
            heard_at=ended_at,
            epoch=1,
            last_seq=len(rows),
            acked_samples=duration_ms * 16,
            report_state=ReportState.DUE,
            report_due_at=ended_at,
        )
        CallEvent.objects.bulk_create(rows)


def _started_at(dialogue: Dialogue) -> datetime:
    day = timezone.now() - timedelta(days=dialogue.days_ago)
    return day.replace(hour=dialogue.hour, minute=5 * (len(dialogue.key) % 12), second=0, microsecond=0)
