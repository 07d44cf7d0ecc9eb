"""Who runs a trial on stored calls: claimed by a conditional UPDATE, held by a lease that each step renews.

A runner that dies is found again when the lease lapses; the attempt's number is the token, so a runner that was taken
for dead can not go on.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from calls.clock import database_now
from calls.models import PlayTest, PromptTest, TrialState

LEASE_S = 600
"""Longer than the longest step: a report may be tried 5 times for 120 s."""

MAX_ATTEMPTS = 5
FIRST_RETRY_S = 10
OPEN = [TrialState.DUE, TrialState.RUNNING]


@dataclass(frozen=True, slots=True)
class Held:
    test_id: int
    attempt: int


def claimable(now: datetime) -> Q:
    return Q(state__in=OPEN, due_at__lte=now, attempts__lt=MAX_ATTEMPTS)


class Holding:
    """Of one kind of trial. Every method is one UPDATE that changes nothing when somebody else has it by now."""

    def __init__(self, model: type[PromptTest | PlayTest]) -> None:
        self._rows: Any = model._default_manager  # noqa: SLF001 - Django's documented way

    def due(self, most: int) -> list[int]:
        """Trials that nobody works on, the longest due first; those that no runner survives are given up."""
        self.give_up()
        due = self._rows.filter(claimable(database_now())).order_by("due_at")
        return list(due.values_list("pk", flat=True)[:most])

    def claim(self, test_id: int) -> Held | None:
        """The right to run the trial, or None: somebody else has it, or it is over."""
        now = database_now()
        attempts = self._rows.filter(pk=test_id).values_list("attempts", flat=True).first()
        if attempts is None:
            return None
        taken = self._rows.filter(claimable(now), pk=test_id, attempts=attempts).update(
            state=TrialState.RUNNING, due_at=now + timedelta(seconds=LEASE_S), attempts=attempts + 1
        )
        return Held(test_id, attempts + 1) if taken else None

    def renew(self, held: Held) -> bool:
        """After each step; False when the trial was deleted or somebody else runs it."""
        return bool(self._of(held).update(due_at=database_now() + timedelta(seconds=LEASE_S)))

    def pause(self, held: Held) -> bool:
        """Enough for one task: due again at once, with all attempts."""
        return bool(self._of(held).update(state=TrialState.DUE, due_at=database_now(), attempts=0))

    def finish(self, held: Held) -> bool:
        return bool(self._of(held).update(state=TrialState.DONE, due_at=None, error=""))

    def give_back(self, held: Held) -> str:
        """After a fault of ours: due again later, or failed for good. Returns the error's id, "" when not held."""
        error_id = secrets.token_hex(6)
        if held.attempt >= MAX_ATTEMPTS:
            changed = self._of(held).update(state=TrialState.FAILED, due_at=None, error=error_id)
        else:
            wait = timedelta(seconds=FIRST_RETRY_S * 2 ** (held.attempt - 1))
            changed = self._of(held).update(state=TrialState.DUE, due_at=database_now() + wait, error=error_id)
        return error_id if changed else ""

    def give_up(self) -> int:
        """Fails the trials whose last allowed runner died without a word."""
        lost = self._rows.filter(state__in=OPEN, due_at__lte=database_now(), attempts__gte=MAX_ATTEMPTS)
        return int(lost.update(state=TrialState.FAILED, due_at=None, error=secrets.token_hex(6)))

    def _of(self, held: Held) -> QuerySet[Any]:
        rows: QuerySet[Any] = self._rows.filter(pk=held.test_id, state=TrialState.RUNNING, attempts=held.attempt)
        return rows


prompt_tests = Holding(PromptTest)
play_tests = Holding(PlayTest)
