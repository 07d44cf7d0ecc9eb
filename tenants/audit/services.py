"""Adding to the audit log. The line stands or falls with the caller's transaction: no act without its line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.audit.models import Action, AuditLine, Via
from tenants.context import require_tenant
from tenants.members.models import Member
from tenants.members.refs import MemberRef


def record(
    action: Action,
    *,
    actor: Member | MemberRef | None,
    via: Via,
    subject: str,
    subject_id: object = "",
    subject_name: str = "",
    detail: Mapping[str, Any] | None = None,
) -> AuditLine:
    """Add one line for the current business. `actor` None: the system or an operator's command.

    `detail` holds JSON values: ids, counts and names of fields, never what somebody said or wrote. Raises
    `NoBusiness` on the public host.
    """
    require_tenant()
    return AuditLine.objects.create(
        action=action,
        actor_id=_id_of(actor),
        actor_name=actor.name if actor else "",
        via=via,
        subject=subject,
        subject_id=str(subject_id),
        subject_name=subject_name[:120],
        detail=dict(detail or {}),
    )


def _id_of(actor: Member | MemberRef | None) -> int | None:
    if actor is None:
        return None
    return actor.pk if isinstance(actor, Member) else actor.id
