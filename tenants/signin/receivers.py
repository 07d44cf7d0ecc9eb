"""What follows from a change elsewhere: a member's address is also allauth's."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models.signals import post_save

from tenants.members.models import Member


def connect() -> None:
    post_save.connect(_keep_address, sender=Member, dispatch_uid="signin.address")


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
