"""Which moments a test takes, and the order to run it. Nothing is asked of the model here."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from calls import looks, reading, rep_first
from calls.events import Kind
from calls.models import Call, CallEvent, CallState, PromptTest, PromptTestMoment, TrialState
from coaching import prompt_versions, trial
from coaching.models import PromptPurpose, PromptVersion
from coaching.summaries import has_model
from coaching.types import Line, Moment, Signal
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.house.policies import current_policy
from tenants.members.models import Member

MAX_CALLS = 20
MAX_MOMENTS = 60
MOMENTS_A_CALL = 12
MAX_AT_ONCE = 3
NO_MODEL = (
    "No language model is set up, so there is nothing to test with. Set OPENAI_API_KEY, or OPENAI_BASE_URL for a model "
    "server of your own, and restart the server."
)
Entry = Line | Signal | Moment
_READERS: dict[Kind, Callable[[Mapping[str, Any]], Entry]] = {
    Kind.LINE: reading.line_of,
    Kind.SIGNAL: reading.signal_of,
    Kind.MOMENT: reading.moment_of,
}


class TestRefused(Exception):
    """The test can not be run; the message says why and what to do."""

    __test__ = False


def hindrance(version: PromptVersion) -> str:
    """Why this version can not be tested now, in words; empty when it can."""
    if not has_model():
        return NO_MODEL
    if version.purpose == PromptPurpose.LIVE and not current_policy().allow_model_cards:
        return "Your policy keeps calls from the language model. Allow model cards in the policy to test live prompts."
    published = prompt_versions.published_version(version.purpose)
    if published is not None and published.pk == version.pk:
        return f"{version} is in use: there is nothing to compare it with. Start a new version from it and test that."
    if PromptTest.objects.filter(state__in=[TrialState.DUE, TrialState.RUNNING]).count() >= MAX_AT_ONCE:
        return f"{MAX_AT_ONCE} tests are running already. Wait until one of them is done."
    return ""


def stored_calls(limit: int = MAX_CALLS) -> list[Call]:
    """The newest calls that have ended, still have their log and are not their rep's alone."""
    return list(_usable().select_related("member").order_by("-started_at", "id")[:limit])


def _usable() -> QuerySet[Call]:
    return rep_first.open_to_others(Call.objects.filter(state=CallState.ENDED, log_deleted_at=None))


def start(*, version: PromptVersion, call_ids: Sequence[uuid.UUID], by: Member) -> PromptTest:
    """Freeze the version and order the test on these calls, at most 20 and 60 moments. Raises `TestRefused`.

    The caller sends the task once this has been committed; the sweeper finds it otherwise.
    """
    if reason := hindrance(version):
        raise TestRefused(reason)
    calls = _usable().filter(pk__in=list(call_ids)[:MAX_CALLS])
    rows = list(_moments(version.purpose, list(calls.order_by("-started_at", "id"))))[:MAX_MOMENTS]
    if not rows:
        raise TestRefused(
            "In these calls nothing was said at which a card is asked for. Choose others, longer ones in which the "
            "customer asks or objects."
        )
    with transaction.atomic():
        prompt_versions.freeze(version)
        against = prompt_versions.published_version(version.purpose)
        test = PromptTest.objects.create(version=version, against=against, asked_by=by)
        for number, row in enumerate(rows, start=1):
            row.test, row.number = test, number
        PromptTestMoment.objects.bulk_create(rows)
        for call in dict.fromkeys(row.call for row in rows):
            looks.opened(call, by, via=Via.ADMIN)
        record(
            Action.PROMPT_CHANGED,
            actor=by,
            via=Via.ADMIN,
            subject="prompt",
            subject_id=version.pk,
            subject_name=str(version),
            detail={"did": "tested", "version": version.number, "test": test.pk, "moments": len(rows)},
        )
    return test


def log_entries(call_id: uuid.UUID) -> list[Entry]:
    """The call's log in order, as far as a test needs it."""
    rows = CallEvent.objects.filter(call_id=call_id, kind__in=[kind.value for kind in _READERS]).order_by("seq")
    return [_READERS[Kind(kind)](payload) for kind, payload in rows.values_list("kind", "payload")]


def _moments(purpose: str, calls: Sequence[Call]) -> Iterator[PromptTestMoment]:
    for call in calls:
        entries = log_entries(call.pk)
        if purpose == PromptPurpose.REPORT:
            if any(isinstance(entry, Line) for entry in entries):
                yield PromptTestMoment(call=call)
            continue
        for asked in trial.retrace(entries, is_mono=call.channels == 1)[:MOMENTS_A_CALL]:
            signal = asked.signal
            yield PromptTestMoment(
                call=call,
                signal_id=signal.id,
                kind=signal.kind.value,
                topic=signal.topic[:80],
                start_ms=signal.start_ms,
            )
