"""Asking somebody into the business by e-mail: once, for seven days, taken back at any time."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from tenants.audit.models import Action, Via
from tenants.audit.services import record
from tenants.branding import get_brand
from tenants.context import require_tenant
from tenants.mail import MailNotSent, absolute_url, send_mail
from tenants.members.models import Member
from tenants.signin.models import INVITATION_LASTS, Invitation

log = logging.getLogger(__name__)

TAKEN = "This address already belongs to a member."


class InvitationClosed(Exception):
    """The key opens nothing: used, withdrawn, expired, replaced, or never given out here."""


def invite(*, email: str, roles: Iterable[str], name: str = "", by: Member | None = None, via: Via) -> Invitation:
    """Invite `email` with `roles` and send the mail once the transaction stands. `by` None: the installation.

    An open invitation to the same address is replaced. A member who was added without a password and never came
    keeps their own roles. Raises `ValidationError` when any other member has the address.
    """
    address = email.strip().lower()
    with transaction.atomic():
        member = Member.objects.filter(email=address).first()
        if member and not is_waiting(member):
            raise ValidationError(TAKEN)
        open_invitations().filter(email=address).update(revoked_at=timezone.now())
        held = member.roles if member else [str(role) for role in roles]
        invitation = Invitation(email=address, name=name.strip(), roles=held, invited_by=by, member=member)
        key = invitation.renew()
        invitation.save()
        _note("sent", invitation, by, via)
        _mail_after_commit(invitation, key)
    return invitation


def is_waiting(member: Member) -> bool:
    """Added without a password and never signed in, such as the first admin of a new business."""
    return member.is_active and member.last_login is None and not member.has_usable_password()


def resend(invitation: Invitation, *, by: Member | None, via: Via) -> None:
    """The mail again, with a new key; the former link is dead. Raises `InvitationClosed` unless open or expired."""
    with transaction.atomic():
        key = invitation.renew()
        renewed = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
            digest=invitation.digest, expires_at=invitation.expires_at, sent_at=None
        )
        if not renewed:
            raise InvitationClosed
        _note("sent again", invitation, by, via)
        _mail_after_commit(invitation, key)


def revoke(invitation: Invitation, *, by: Member | None, via: Via) -> None:
    """Raises `InvitationClosed` when it was accepted or withdrawn already."""
    with transaction.atomic():
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None, revoked_at=None).update(
            revoked_at=timezone.now()
        ):
            raise InvitationClosed
        _note("withdrawn", invitation, by, via)


def open_invitations() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=timezone.now())


def find(key: str) -> Invitation:
    """The open invitation of this key. Raises `InvitationClosed`."""
    invitation = open_invitations().select_related("member").filter(digest=Invitation.digest_of(key)).first()
    if invitation is None:
        raise InvitationClosed
    return invitation


def accept(invitation: Invitation, *, name: str, password: str | None, via: Via = Via.WEB) -> Member:
    """The new member. `password` None: signs in by SSO. Of two at once, one gets in: the other `InvitationClosed`."""
    try:
        with transaction.atomic():
            _claim(invitation)
            member = _member(invitation, name=name, password=password)
            Invitation.objects.filter(pk=invitation.pk).update(member=member)
            _note("accepted", invitation, member, via)
    except IntegrityError as error:
        # An admin added the same address by hand meanwhile.
        raise InvitationClosed from error
    return member


def _member(invitation: Invitation, *, name: str, password: str | None) -> Member:
    member = invitation.member
    if member is None:
        return Member.objects.create_member(
            email=invitation.email, name=name, roles=invitation.roles, password=password
        )
    if not is_waiting(member):
        raise InvitationClosed
    member.name = name
    member.set_password(password)
    member.save(update_fields=["name", "password"])
    return member


def _claim(invitation: Invitation) -> None:
    """By a conditional UPDATE on the key that was shown: a link that was renewed meanwhile counts no more."""
    claimed = open_invitations().filter(pk=invitation.pk, digest=invitation.digest).update(accepted_at=timezone.now())
    if not claimed:
        raise InvitationClosed


def _mail_after_commit(invitation: Invitation, key: str) -> None:
    sender = invitation.invited_by
    # On a business's host, also when an operator on the public one has it sent.
    context = {
        "name": invitation.name,
        "roles": invitation.role_names,
        "invited_by": sender.name if sender else "",
        "business_name": require_tenant().name,
        "link": absolute_url(reverse("invitation", urlconf=settings.ROOT_URLCONF, args=[key])),
        "days": INVITATION_LASTS.days,
        "action": "Accept the invitation",
    }
    transaction.on_commit(lambda: _send(invitation, context))


def _send(invitation: Invitation, context: dict[str, Any]) -> None:
    """A mail server that is away loses no invitation: the list says `Mail not sent`, and it can be sent again."""
    try:
        send_mail(
            to=invitation.email,
            subject=f"Your invitation to {get_brand().product_name}",
            template="invitation",
            context=context,
        )
    except MailNotSent as error:
        log.warning("Invitation not mailed: %s", type(error).__name__, extra={"invitation": invitation.pk})
        return
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=timezone.now())


def _note(what: str, invitation: Invitation, by: Member | None, via: Via) -> None:
    record(
        Action.MEMBER_CHANGED,
        actor=by,
        via=via,
        subject="invitation",
        subject_id=invitation.pk,
        subject_name=invitation.email,
        detail={"invitation": what, "roles": list(invitation.roles)},
    )
