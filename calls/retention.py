"""Deletes what a business keeps no longer: recordings, logs and reports by age, by its policy. Nightly, in batches.

Every step may run again: what is gone is not found any more. The log of a call goes whole, in one transaction, or
stays whole. A call of which nothing is left goes too. Lines of the audit log are not deleted here: the application's
role has no right to (`manage.py delete_old_audit`, as the owner).
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.live.recording import storage_root
from calls.live.recording_mark import remove
from calls.models import (
    Call,
    CallConsent,
    CallEvent,
    CallInbox,
    CallState,
    Gap,
    PlayTestHit,
    PromptTestMoment,
    Recording,
    Report,
    ReportState,
)
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.house.policies import current_policy
from tenants.house.policy import Policy

BATCH = 100
MOST_A_NIGHT = 20_000
"""Calls per business, kind and night: the next night takes the rest."""

SETTLED = Q(state=CallState.ENDED) & ~Q(report_state__in=[ReportState.DUE, ReportState.WRITING])
"""Calls that nobody works on any more."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many calls lost what. `failed`: recordings whose file could not be removed; tried again next night."""

    recordings: int = 0
    logs: int = 0
    reports: int = 0
    calls: int = 0
    failed: int = 0


def apply_retention(now: datetime | None = None) -> Deleted:
    """Deletes what is over age in the current business, and notes the counts in the audit log when there were any."""
    now, policy = now or timezone.now(), current_policy()
    recordings, failed = _delete_recordings(_before(now, policy.audio_days))
    deleted = Deleted(
        recordings=recordings,
        logs=_in_batches(_with_log, _before(now, policy.log_days), _delete_log),
        reports=_in_batches(_with_report, _before(now, policy.report_days), _delete_report),
        calls=_in_batches(_empty, _empty_before(now, policy), _delete_call),
        failed=failed,
    )
    if any(asdict(deleted).values()):
        record(Action.ERASED, actor=None, via=Via.TASK, subject="retention", detail=asdict(deleted))
        logger.info("Retention applied", extra=asdict(deleted))
    return deleted


def _before(now: datetime, days: int) -> datetime | None:
    """Calls that ended before this are over age; None keeps them for good."""
    return now - timedelta(days=days) if days else None


def _empty_before(now: datetime, policy: Policy) -> datetime | None:
    """The call itself, its consent included, is kept as long as anything of it may be."""
    days = (policy.audio_days, policy.log_days, policy.report_days)
    return _before(now, max(days)) if all(days) else None


Find = Callable[[datetime], QuerySet[Call]]


def _over_age(before: datetime) -> QuerySet[Call]:
    return Call.objects.filter(SETTLED, ended_at__lt=before).order_by("ended_at")


def _with_log(before: datetime) -> QuerySet[Call]:
    return _over_age(before).filter(log_deleted_at=None)


def _with_report(before: datetime) -> QuerySet[Call]:
    return _over_age(before).filter(report__isnull=False)


def _empty(before: datetime) -> QuerySet[Call]:
    return _over_age(before).filter(recording=None, report=None).exclude(log_deleted_at=None)


def _in_batches(find: Find, before: datetime | None, delete: Callable[[uuid.UUID], bool]) -> int:
    return sum(delete(call_id) for call_id in _ids(find, before))


def _ids(find: Find, before: datetime | None) -> Iterator[uuid.UUID]:
    """The calls to treat, read in batches; each is expected to be gone from `find` when the next batch is read."""
    if before is None:
        return
    treated = 0
    while treated < MOST_A_NIGHT:
        batch = list(find(before).values_list("pk", flat=True)[:BATCH])
        if not batch:
            return
        yield from batch
        treated += len(batch)


def _delete_recordings(before: datetime | None) -> tuple[int, int]:
    """The file first, then its row: a row without a file is tried again, a file without a row would stay for ever."""
    if before is None:
        return 0, 0
    deleted, failed, root = 0, set[int](), storage_root()
    while deleted + len(failed) < MOST_A_NIGHT:
        over_age = Recording.objects.filter(call__in=_over_age(before)).exclude(pk__in=failed).order_by("pk")
        batch = list(over_age[:BATCH])
        if not batch:
            break
        for row in batch:
            try:
                remove(root / row.path)
            except OSError as error:
                logger.warning("A recording can not be removed: %s", error.strerror, extra={"call": row.call_id.hex})
                failed.add(row.pk)
                continue
            row.delete()
            deleted += 1
    return deleted, len(failed)


def _delete_log(call_id: uuid.UUID) -> bool:
    """All of it in one transaction; whoever works on the call meanwhile finds it whole or gone."""
    with transaction.atomic():
        taken = Call.objects.filter(SETTLED, pk=call_id, log_deleted_at=None).update(log_deleted_at=timezone.now())
        if not taken:
            return False
        delete_content(call_id)
    return True


def delete_content(call_id: uuid.UUID) -> None:
    """The log with everything that was made of it, reports apart. Within the caller's transaction."""
    for model in (CallEvent, Gap, CallInbox, PromptTestMoment, PlayTestHit):
        model._default_manager.filter(call_id=call_id).delete()  # noqa: SLF001 - Django's documented way


def _delete_report(call_id: uuid.UUID) -> bool:
    with transaction.atomic():
        deleted, _ = Report.objects.filter(call_id=call_id).delete()
        Call.objects.filter(SETTLED, pk=call_id).update(report_state=ReportState.NONE)
    return bool(deleted)


def _delete_call(call_id: uuid.UUID) -> bool:
    with transaction.atomic():
        CallConsent.objects.filter(call_id=call_id).delete()
        deleted, _ = Call.objects.filter(SETTLED, pk=call_id).exclude(log_deleted_at=None).delete()
    return bool(deleted)
