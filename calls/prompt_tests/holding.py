"""Who runs a test of a prompt: claimed by a conditional UPDATE, held by a lease that each answer renews.

A runner that dies is found again when the lease lapses; the attempt's number is the token, so a runner that was taken
for dead can not go on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.models import PromptTest, PromptTestState

LEASE_S = 600
"""Longer than the longest answer: a report may be tried 5 times for 120 s."""

MAX_ATTEMPTS = 5
FIRST_RETRY_S = 10
_OPEN = [PromptTestState.DUE, PromptTestState.RUNNING]


@dataclass(frozen=True, slots=True)
class Held:
    test_id: int
    attempt: int


def claimable(now: datetime) -> Q:
    return Q(state__in=_OPEN, due_at__lte=now, attempts__lt=MAX_ATTEMPTS)


def claim(test_id: int) -> Held | None:
    """The right to run the test, or None: somebody else has it, or it is over."""
    now = timezone.now()
    attempts = PromptTest.objects.filter(pk=test_id).values_list("attempts", flat=True).first()
    if attempts is None:
        return None
    taken = PromptTest.objects.filter(claimable(now), pk=test_id, attempts=attempts).update(
        state=PromptTestState.RUNNING, due_at=now + timedelta(seconds=LEASE_S), attempts=attempts + 1
    )
    return Held(test_id, attempts + 1) if taken else None


def renew(held: Held) -> bool:
    """After each answer; False when the test was deleted or somebody else runs it."""
    return bool(_of(held).update(due_at=timezone.now() + timedelta(seconds=LEASE_S)))


def pause(held: Held) -> bool:
    """Enough for one task: due again at once, with all attempts."""
    return bool(_of(held).update(state=PromptTestState.DUE, due_at=timezone.now(), attempts=0))


def finish(held: Held) -> bool:
    return bool(_of(held).update(state=PromptTestState.DONE, due_at=None, error=""))


def give_back(held: Held) -> str:
    """After a fault of ours: due again later, or failed for good. Returns the error's id, "" when not held."""
    error_id = secrets.token_hex(6)
    if held.attempt >= MAX_ATTEMPTS:
        changed = _of(held).update(state=PromptTestState.FAILED, due_at=None, error=error_id)
    else:
        wait = timedelta(seconds=FIRST_RETRY_S * 2 ** (held.attempt - 1))
        changed = _of(held).update(state=PromptTestState.DUE, due_at=timezone.now() + wait, error=error_id)
    return error_id if changed else ""


def give_up() -> int:
    """Fails the tests whose last allowed runner died without a word."""
    lost = PromptTest.objects.filter(state__in=_OPEN, due_at__lte=timezone.now(), attempts__gte=MAX_ATTEMPTS)
    return lost.update(state=PromptTestState.FAILED, due_at=None, error=secrets.token_hex(6))


def _of(held: Held) -> QuerySet[PromptTest]:
    return PromptTest.objects.filter(pk=held.test_id, state=PromptTestState.RUNNING, attempts=held.attempt)
