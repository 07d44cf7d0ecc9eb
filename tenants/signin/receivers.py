"""What follows from a change elsewhere: a member's address is also allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models.signals import post_save

from tenants.audit.models import Via
from tenants.members.models import Member
from tenants.provisioning import first_admin_added
from tenants.signin import invitations


def connect() -> None:
    post_save.connect(_keep_address, sender=Member, dispatch_uid="signin.address")
    first_admin_added.connect(_invite_first_admin, dispatch_uid="signin.first_admin")


def _keep_address(instance: Member, update_fields: Any = None, **_: Any) -> None:
    """Exactly one address each, and verified: an admin or an invitation's mail vouches for it."""
    if update_fields is not None and "email" not in update_fields:
        return
    email = instance.email.lower()
    kept = EmailAddress.objects.filter(user_id=instance.pk, email=email, verified=True, primary=True)
    if kept.exists():
        return
    EmailAddress.objects.filter(user_id=instance.pk).delete()
    EmailAddress.objects.create(user=instance, email=email, verified=True, primary=True)


def _invite_first_admin(member: Member, **_: Any) -> None:
    invitations.invite(email=member.email, name=member.name, roles=member.roles, via=Via.COMMAND)
