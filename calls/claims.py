"""Who writes a call's report: claimed by a conditional UPDATE and its row count, never by a lock.

`report_due_at` is when a due report may be claimed, and while it is written when the claim lapses: a writer that
dies is found again by the same condition. The attempt's number is the token: a writer whose claim lapsed and was
taken over can not finish.
"""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from calls.clock import database_now
from calls.models import Call, ReportState

CLAIM_S = 600
"""Longer than a task may run (`CELERY_TASK_TIME_LIMIT`)."""

MAX_ATTEMPTS = 5
FIRST_RETRY_S = 30

REPAIRED_WITHIN = timedelta(days=3)
"""A day of tries after the end of the longest call."""


@dataclass(frozen=True, slots=True)
class Claim:
    call_id: uuid.UUID
    attempt: int


def claimable(now: datetime) -> Q:
    """Due, or being written by someone who is gone; and not tried too often."""
    return Q(
        report_state__in=[ReportState.DUE, ReportState.WRITING],
        report_due_at__lte=now,
        report_attempts__lt=MAX_ATTEMPTS,
    )


def claim(call_id: uuid.UUID) -> Claim | None:
    """The right to write the report, or None: somebody else has it, or there is nothing to write."""
    now = database_now()
    attempts = Call.objects.filter(pk=call_id).values_list("report_attempts", flat=True).first()
    if attempts is None:
        return None
    taken = Call.objects.filter(claimable(now), pk=call_id, report_attempts=attempts).update(
        report_state=ReportState.WRITING,
        report_due_at=now + timedelta(seconds=CLAIM_S),
        report_attempts=attempts + 1,
    )
    return Claim(call_id, attempts + 1) if taken else None


def finish(claim: Claim, *, again_at: datetime | None = None) -> bool:
    """Marks the report ready; False when the claim lapsed and someone else took over.

    `again_at`: when the gaps that are left in it are to be tried again, see `claim_repair`.
    """
    return bool(_held(claim).update(report_state=ReportState.READY, report_due_at=again_at, report_error=""))


def repairable(now: datetime) -> Q:
    """Ready, with gaps that are due for another try. Young calls only, which an index finds."""
    return Q(
        report_state=ReportState.READY,
        report_due_at__lte=now,
        log_deleted_at=None,
        started_at__gte=now - REPAIRED_WITHIN,
    )


def claim_repair(call_id: uuid.UUID) -> bool:
    """The right to try the gaps of a written report again; it lapses like that to write one."""
    now = database_now()
    due_at = now + timedelta(seconds=CLAIM_S)
    return bool(Call.objects.filter(repairable(now), pk=call_id).update(report_due_at=due_at))


def finish_repair(call_id: uuid.UUID, *, again_at: datetime | None) -> None:
    """Nothing was found: until `again_at`, or for ever."""
    Call.objects.filter(pk=call_id, report_state=ReportState.READY).update(report_due_at=again_at)


def give_back(claim: Claim) -> str:
    """After a failed attempt: due again later, or failed for good. Returns the error's id, "" when not held."""
    error_id = secrets.token_hex(6)
    if claim.attempt >= MAX_ATTEMPTS:
        held = _held(claim).update(report_state=ReportState.FAILED, report_due_at=None, report_error=error_id)
    else:
        pause = timedelta(seconds=FIRST_RETRY_S * 2 ** (claim.attempt - 1))
        held = _held(claim).update(
            report_state=ReportState.DUE, report_due_at=database_now() + pause, report_error=error_id
        )
    return error_id if held else ""


def give_up() -> int:
    """Fails the reports whose last allowed writer died without a word. Returns how many."""
    return Call.objects.filter(
        report_state__in=[ReportState.DUE, ReportState.WRITING],
        report_due_at__lte=database_now(),
        report_attempts__gte=MAX_ATTEMPTS,
    ).update(report_state=ReportState.FAILED, report_due_at=None, report_error=secrets.token_hex(6))


def ask_again(call_id: uuid.UUID) -> bool:
    """A person asks for the report once more: due now, with all attempts.

    False while it is being written, and once the log is deleted: there is nothing left to write it from.
    """
    return bool(
        Call.objects.filter(
            pk=call_id, report_state__in=[ReportState.FAILED, ReportState.READY], log_deleted_at=None
        ).update(report_state=ReportState.DUE, report_due_at=database_now(), report_attempts=0)
    )


def _held(claim: Claim) -> QuerySet[Call]:
    return Call.objects.filter(pk=claim.call_id, report_state=ReportState.WRITING, report_attempts=claim.attempt)
