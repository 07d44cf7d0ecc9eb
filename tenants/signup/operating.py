"""What operators do about new businesses, and about first admins who never came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tenants.audit.models import Via
from tenants.context import business_scope
from tenants.members.models import Member, Role
from tenants.models import Tenant
from tenants.selectors import business_of
from tenants.signin import invitations
from tenants.signup import services
from tenants.signup.links import key_of
from tenants.signup.models import BusinessRequest, State
from tenants.signup.services import StepRefused

__all__ = ["Standing", "invite_again", "key_of", "standing_of", "step"]


@dataclass(frozen=True, slots=True)
class Standing:
    """How a business is doing: its active members, whether an admin ever came, and the last sign-in."""

    members: int
    has_admin: bool
    last_seen: datetime | None

    @property
    def words(self) -> str:
        if self.has_admin:
            return "In use"
        return "Invited" if self.members else "No admin"


def standing_of(tenant: Tenant) -> Standing:
    """One query, inside the business."""
    with business_scope(business_of(tenant)):
        people = list(Member.objects.filter(is_active=True).values_list("roles", "last_login"))
    seen = [last_login for _, last_login in people if last_login]
    came = any(Role.ADMIN.value in roles and last_login for roles, last_login in people)
    return Standing(members=len(people), has_admin=came, last_seen=max(seen, default=None))


def step(name: str, request: BusinessRequest, *, by: Member, slug: str = "") -> str:
    """One of `agree`, `refuse`, `again`, `invite`; what to tell the operator. Raises `StepRefused`, `NameRefused`."""
    match name:
        case "agree":
            services.agree(request, by=by)
            return f"{request.name} is built next."
        case "refuse":
            services.refuse(request, by=by)
            return f"{request.name} is not built."
        case "again":
            services.try_again(request, slug=slug.strip().lower())
            return f"{request.name} is tried again."
        case "invite" if request.state == State.READY and request.tenant:
            return invited_again(request.tenant)
    raise StepRefused


def invited_again(tenant: Tenant) -> str:
    sent, waiting = invite_again(tenant)
    if not waiting:
        return f"{tenant.name} has no admin who waits for an invitation."
    if sent < waiting:
        return f"{tenant.name}: the mail server did not take the mail. Try again later."
    return f"{tenant.name}: the invitation is sent again. The former link no longer works."


def invite_again(tenant: Tenant) -> tuple[int, int]:
    """Mails sent, and admins who were added without a password and never came."""
    with business_scope(business_of(tenant)):
        admins = Member.objects.filter(is_active=True, roles__contains=[Role.ADMIN.value])
        waiting = [admin for admin in admins if invitations.is_waiting(admin)]
        made = [
            invitations.invite(email=admin.email, name=admin.name, roles=admin.roles, via=Via.ADMIN)
            for admin in waiting
        ]
        for invitation in made:
            invitation.refresh_from_db()
    return sum(invitation.sent_at is not None for invitation in made), len(waiting)
