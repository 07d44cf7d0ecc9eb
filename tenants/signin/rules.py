"""What follows when a business changes its rules for signing in."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.members.models import Member
from tenants.signin.models import SignInPolicy
from tenants.signin.second_factor import members_without
from tenants.signin.sessions import end_all


def changed(policy: SignInPolicy, *, fields: Sequence[str], by: Member | None, via: Via) -> None:
    """Call after saving. Sessions of members who now lack a factor end, so that the rule holds at once."""
    if not fields:
        return
    with transaction.atomic():
        record(
            Action.ACCESS_CHANGED,
            actor=by,
            via=via,
            subject="sign-in rules",
            detail={"changed": list(fields), "second_factor": policy.second_factor},
        )
        for member in members_without(policy):
            end_all(member, by=by, via=via)
