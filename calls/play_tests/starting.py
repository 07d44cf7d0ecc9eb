"""Ordering a back-test: which play, on which calls."""

from __future__ import annotations

from django.db import transaction
from django.db.models import QuerySet

from calls import rep_first
from calls.holding import OPEN
from calls.models import Call, CallState, PlayTest, PlayTestCall
from coaching import handbook
from coaching.types import Play
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.members.models import Member

MAX_CALLS = 200
USUAL_CALLS = 50
MAX_AT_ONCE = 3


class PlayTestRefused(Exception):
    """The test can not be run; the message says why and what to do."""


def stored_calls() -> int:
    """How many calls have ended, still have their log and are not their rep's alone."""
    return _usable().count()


def _usable() -> QuerySet[Call]:
    return rep_first.open_to_others(Call.objects.filter(state=CallState.ENDED, log_deleted_at=None))


@transaction.atomic
def start(play: Play, *, newest: int = USUAL_CALLS, by: Member | None = None) -> PlayTest:
    """Order the test of a play, as it is given here, on the newest calls; at most 200. Raises `PlayTestRefused`.

    The caller sends the task once this has been committed; the sweeper finds it otherwise.
    """
    if PlayTest.objects.filter(state__in=OPEN).count() >= MAX_AT_ONCE:
        raise PlayTestRefused(f"{MAX_AT_ONCE} tests are running already. Wait until one of them is done.")
    ended = _usable().order_by("-started_at", "id")
    call_ids = list(ended.values_list("pk", flat=True)[: max(1, min(newest, MAX_CALLS))])
    if not call_ids:
        raise PlayTestRefused(
            "There is no stored call yet. Make a call, or play the sample call under “New call”, and come back once it "
            "has ended."
        )
    test = PlayTest.objects.create(key=play.key, title=play.title, play=handbook.play_mapping(play), asked_by=by)
    PlayTestCall.objects.bulk_create(PlayTestCall(test=test, call_id=call_id) for call_id in call_ids)
    record(
        Action.PLAYBOOK_CHANGED,
        actor=by,
        via=Via.ADMIN,
        subject="play",
        subject_id=play.key,
        detail={"did": "tested", "test": test.pk, "calls": len(call_ids)},
    )
    return test
