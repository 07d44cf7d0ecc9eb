"""What follows from a change elsewhere: a member's address is also allauth's; factors and passwords leave a line."""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account_signals
from allauth.account.models import EmailAddress
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.db.models.signals import post_save

from tenants.audit.models import Action, Via
from tenants.members.models import Member
from tenants.provisioning import first_admin_added
from tenants.signin import invitations
from tenants.signin.notes import note


def connect() -> None:
    post_save.connect(_keep_address, sender=Member, dispatch_uid="signin.address")
    first_admin_added.connect(_invite_first_admin, dispatch_uid="signin.first_admin")
    mfa_signals.authenticator_added.connect(_factor_added, dispatch_uid="signin.factor_added")
    mfa_signals.authenticator_removed.connect(_factor_removed, dispatch_uid="signin.factor_removed")
    mfa_signals.authenticator_reset.connect(_codes_renewed, dispatch_uid="signin.codes_renewed")
    account_signals.password_changed.connect(_password_changed, dispatch_uid="signin.password_changed")
    account_signals.password_reset.connect(_password_reset, dispatch_uid="signin.password_reset")


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


def _factor_added(user: Member, authenticator: Authenticator, **_: Any) -> None:
    _note(user, {"factor_added": authenticator.type})


def _factor_removed(user: Member, authenticator: Authenticator, **_: Any) -> None:
    _note(user, {"factor_removed": authenticator.type})


def _codes_renewed(user: Member, **_: Any) -> None:
    _note(user, {"recovery_codes": "renewed"})


def _password_changed(user: Member, **_: Any) -> None:
    _note(user, {"password": "changed"})


def _password_reset(user: Member, **_: Any) -> None:
    _note(user, {"password": "reset by mail"})


def _note(member: Member, detail: dict[str, str]) -> None:
    note(Action.ACCESS_CHANGED, by=member, via=Via.WEB, about=member, detail=detail)
