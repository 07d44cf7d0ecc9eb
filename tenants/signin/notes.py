"""Audit lines about signing in. Operators have no audit log: on the public host nothing is noted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.context import current
from tenants.members.models import Member


def note(action: Action, *, by: Member | None, via: Via, about: Member, detail: Mapping[str, Any]) -> None:
    business = current()
    if business is None or business.is_public:
        return
    record(
        action, actor=by, via=via, subject="member", subject_id=about.pk, subject_name=about.name, detail=dict(detail)
    )
