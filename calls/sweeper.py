"""Finds what got lost: calls nobody ended, reports nobody wrote. Every step is a conditional UPDATE or idempotent."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from calls import claims, holding
from calls.clock import database_now
from calls.models import Call, CallState
from calls.services import end_call

logger = logging.getLogger(__name__)

AT_ONCE = 100
"""Calls per business and sweep: the next sweep takes the rest."""


def end_silent_calls() -> int:
    """Ends the open calls of the current business that gave no sign of life; returns how many.

    Their reports become due and are asked for as after any other end.
    """
    # By the clock that wrote `heard_at`: one machine that is ahead of the others must not end everybody's calls.
    silent_since = Now() - timedelta(seconds=settings.CALL_SILENT_AFTER_S)
    silent = Call.objects.filter(state=CallState.OPEN, heard_at__lt=silent_since).order_by("heard_at")
    call_ids = list(silent.values_list("pk", flat=True)[:AT_ONCE])
    for call_id in call_ids:
        end_call(call_id, reason="silent")
        logger.info("Silent call ended", extra={"call": call_id.hex})
    return len(call_ids)


def due_reports() -> Iterator[uuid.UUID]:
    """Calls of the current business whose report is due and unclaimed, the longest due first."""
    claims.give_up()
    due = Call.objects.filter(claims.claimable(database_now())).order_by("report_due_at")
    yield from list(due.values_list("pk", flat=True)[:AT_ONCE])


def due_repairs() -> list[uuid.UUID]:
    """Calls of the current business whose report is written and whose gaps are due for another try."""
    due = Call.objects.filter(claims.repairable(database_now())).order_by("report_due_at")
    return list(due.values_list("pk", flat=True)[:AT_ONCE])


def due_prompt_tests() -> list[int]:
    """Tests of prompts of the current business that nobody works on, the longest due first."""
    return holding.prompt_tests.due(AT_ONCE)


def due_play_tests() -> list[int]:
    """The same for tests of plays."""
    return holding.play_tests.due(AT_ONCE)
