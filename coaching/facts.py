"""Approved facts: what may be used today, and who vouches for it. Needs a current business."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils import timezone

from coaching.models import Knowledge
from tenants.members.models import Member


class FactState(StrEnum):
    """Why a fact is used or not; the value is what the admin shows."""

    IN_USE = "In use"
    NOT_APPROVED = "Not approved"
    EXPIRED = "Expired"
    OFF = "Switched off"


def today() -> date:
    """The day by which facts expire: UTC, like the ledger's."""
    return datetime.now(UTC).date()


def in_state(state: FactState) -> Q:
    """The facts of one state; each fact has exactly one."""
    expired = Q(valid_until__lt=today())
    approved = Q(approved_at__isnull=False)
    conditions = {
        FactState.OFF: Q(is_active=False),
        FactState.NOT_APPROVED: Q(is_active=True) & ~approved,
        FactState.EXPIRED: Q(is_active=True) & approved & expired,
        FactState.IN_USE: Q(is_active=True) & approved & (Q(valid_until=None) | Q(valid_until__gte=today())),
    }
    return conditions[state]


def usable_facts() -> QuerySet[Knowledge]:
    """Approved, switched on and not expired: the only facts that cards may claim."""
    return Knowledge.objects.filter(in_state(FactState.IN_USE))


def state_of(fact: Knowledge) -> FactState:
    if not fact.is_active:
        return FactState.OFF
    if fact.approved_at is None:
        return FactState.NOT_APPROVED
    return FactState.IN_USE if fact.as_value().is_valid(today()) else FactState.EXPIRED


def approve(fact: Knowledge, *, by: Member | None) -> None:
    """`by` vouches for the fact as it stands. Sets the fields; the caller saves."""
    fact.approved_at, fact.approved_by = timezone.now(), by


def withdraw(fact: Knowledge) -> None:
    """Nobody vouches for the fact any more. Sets the fields; the caller saves."""
    fact.approved_at, fact.approved_by = None, None
