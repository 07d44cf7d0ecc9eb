"""Reps see their own calls first: until when a finished call is its rep's alone, and how it opens sooner.

The policy's hours count from the end of the call. The rep may release it before; so may an admin, who thereby
overrides the policy, which the audit log keeps. Within the current business.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value, When
from django.utils import timezone

from calls.models import Call, CallState
from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.house.policies import current_policy
from tenants.house.policy import Policy
from tenants.members.models import Member, Role
from tenants.members.refs import MemberRef


def opens_at(call: Call, policy: Policy, now: datetime | None = None) -> datetime | None:
    """When others than the rep may see this finished call; None: they may already. Open calls are none of this."""
    if call.state != CallState.ENDED or call.released_at or call.ended_at is None or not policy.rep_first_hours:
        return None
    until = call.ended_at + timedelta(hours=policy.rep_first_hours)
    return until if until > (now or timezone.now()) else None


def with_opening(calls: QuerySet[Call], member: Member) -> QuerySet[Call]:
    """Each of `calls` with `held_until`: as `opens_at`, and None for the member's own."""
    hours = timedelta(hours=current_policy().rep_first_hours)
    until = ExpressionWrapper(F("ended_at") + Value(hours), output_field=DateTimeField())
    is_held = Q(state=CallState.ENDED, released_at=None, ended_at__gt=timezone.now() - hours) & ~Q(member=member)
    return calls.annotate(held_until=Case(When(is_held, then=until), default=None, output_field=DateTimeField()))


def open_to_others(calls: QuerySet[Call]) -> QuerySet[Call]:
    """Those of `calls` that are not, or no longer, their rep's alone."""
    hours = timedelta(hours=current_policy().rep_first_hours)
    return calls.exclude(state=CallState.ENDED, released_at=None, ended_at__gt=timezone.now() - hours)


def may_release(call: Call, member: MemberRef) -> bool:
    """The person on the call, or an admin."""
    return call.member_id == member.id or member.has_role(Role.ADMIN)


def release(call: Call, *, member: MemberRef, via: Via) -> bool:
    """Lets those see `call` who may see it after its time; False when they may already. The caller has asked
    `may_release`. Someone else's call: the policy is overridden.
    """
    is_own = call.member_id == member.id
    with transaction.atomic():
        if opens_at(call, current_policy()) is None or not _mark(call.pk):
            return False
        record(
            Action.REPORT_RELEASED if is_own else Action.OVERRIDDEN,
            actor=member,
            via=via,
            subject="call",
            subject_id=call.pk,
            detail={} if is_own else {"what": "rep_first_hours"},
        )
    return True


def _mark(call_id: uuid.UUID) -> bool:
    waiting = Call.objects.filter(pk=call_id, state=CallState.ENDED, released_at=None)
    return bool(waiting.update(released_at=timezone.now()))
