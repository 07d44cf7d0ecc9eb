"""A customer's calls: their content goes whole, the call's row stays with its times, its member and its cost."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.erasing.names import Names
from calls.live.recording import storage_root
from calls.live.recording_mark import remove
from calls.models import Call, CallConsent, CallState, Recording, Report, ReportState
from calls.retention import delete_content


class UnclearCalls(ValueError):
    """The calls that were named do not fit the customer; the message says which."""


def calls_of(names: Names, call_ids: Collection[uuid.UUID]) -> QuerySet[Call]:
    """The customer's calls in the current business, by exact name whatever its case.

    `call_ids` without a customer's name are added; if some of them bear the name, only those of that name count.
    Raises `UnclearCalls` for an id that is unknown or of somebody else.
    """
    named = Q(pk__in=[])
    for name in names.all:
        named |= Q(customer__iexact=name)
    given = {call.pk: call for call in Call.objects.filter(pk__in=list(call_ids))}
    if unknown := [str(call_id) for call_id in call_ids if call_id not in given]:
        raise UnclearCalls(f"There is no call {', '.join(unknown)} in this business.")
    bearing = [call.pk for call in given.values() if names.is_one(call.customer)]
    if others := [str(call.pk) for call in given.values() if call.customer and call.pk not in bearing]:
        raise UnclearCalls(f"Another customer's name stands on {', '.join(others)}.")
    if bearing:
        return Call.objects.filter(pk__in=list(given))
    return Call.objects.filter(named | Q(pk__in=list(given)))


def namesakes(names: Names, chosen: Collection[uuid.UUID]) -> list[uuid.UUID]:
    """Calls of the same name that were not chosen: somebody else's, to be left alone."""
    named = Q(pk__in=[])
    for name in names.all:
        named |= Q(customer__iexact=name)
    return list(Call.objects.filter(named).exclude(pk__in=list(chosen)).values_list("pk", flat=True))


def erase_content(call: Call) -> bool:
    """Recording first, then the rest in one transaction with the customer's name; whether anything was there.

    A run that was cut off before the end finds the call by its name again. Raises `OSError` when the recording can
    not be removed: the call is then as it was.
    """
    had_recording = _remove_recording(call)
    with transaction.atomic():
        delete_content(call.pk)
        reports, _ = Report.objects.filter(call=call).delete()
        CallConsent.objects.filter(call=call).update(wording="", place="", recorded_by_name="")
        was_there = bool(had_recording or reports or call.customer or call.log_deleted_at is None)
        Call.objects.filter(pk=call.pk, state=CallState.ENDED).update(
            customer="",
            place="",
            consent_wording="",
            log_deleted_at=call.log_deleted_at or timezone.now(),
            report_state=ReportState.NONE,
            report_due_at=None,
        )
    # Late audio may have come before the lines above closed the call to it.
    _remove_recording(call)
    return was_there


def _remove_recording(call: Call) -> bool:
    recording = Recording.objects.filter(call=call).first()
    if recording is None:
        return False
    remove(storage_root() / recording.path)
    recording.delete()
    return True
