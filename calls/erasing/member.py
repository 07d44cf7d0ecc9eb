"""A member as a person of the business: ways to sign in, and the name wherever an id stands beside it."""

from __future__ import annotations

from collections import Counter

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.erasing.mentions import nowhere
from calls.erasing.names import Names
from calls.events import Kind
from calls.models import CallConsent, CallEvent, CallInbox
from tenants.audit.models import AuditLine
from tenants.members.models import ApiKey, Member, Role
from tenants.signin.models import Invitation


class LastAdmin(RuntimeError):
    """Nobody could open the business's admin any more."""

    def __init__(self) -> None:
        super().__init__("This is the last active admin: make somebody else an admin first.")


def check_not_last_admin(member: Member) -> None:
    """Raises `LastAdmin`."""
    if not (member.is_active and member.has_role(Role.ADMIN)):
        return
    others = Member.objects.filter(is_active=True, roles__contains=[Role.ADMIN.value]).exclude(pk=member.pk)
    if not others.exists():
        raise LastAdmin


def pseudonym_of(member: Member) -> str:
    return f"Erased member {member.pk}"


def names_of(member: Member) -> list[str]:
    """The address and all names under which the business ever knew them; none of a member who is erased already."""
    found = [member.email, member.name]
    audit = AuditLine.objects.all()
    found += audit.filter(actor_id=member.pk).values_list("actor_name", flat=True).distinct()
    about = audit.filter(subject="member", subject_id=str(member.pk))
    found += about.values_list("subject_name", flat=True).distinct()
    found += CallConsent.objects.filter(recorded_by_id=member.pk).values_list("recorded_by_name", flat=True).distinct()
    for invitation in _invitations(member):
        found += [invitation.name, invitation.email]
    # Treated early, so a run that was cut off may not see these any more; the others go last.
    started = CallEvent.objects.filter(call__member=member, kind=Kind.CALL_STARTED.value)
    found += [str(payload.get("member", "")) for payload in started.values_list("payload", flat=True)]
    own = {pseudonym_of(member).lower(), nowhere(member.pk)}
    return [name for name in dict.fromkeys(found) if name and name.lower() not in own]


def end_sign_in(member: Member) -> Counter[str]:
    """Every way in, in one transaction: sockets end within 10 s. How many rows of what were deleted."""
    deleted = Counter[str]()
    with transaction.atomic():
        Member.objects.filter(pk=member.pk).update(is_active=False, password=make_password(None))
        keys = [
            *UserSession.objects.filter(user_id=member.pk).values_list("session_key", flat=True),
            *_unlisted(member),
        ]
        deleted["sessions"], _ = Session.objects.filter(session_key__in=keys).delete()
        UserSession.objects.filter(user_id=member.pk).delete()
        for name, rows in (
            ("api_keys", ApiKey.objects.filter(member=member)),
            ("factors", Authenticator.objects.filter(user_id=member.pk)),
            ("addresses", EmailAddress.objects.filter(user_id=member.pk)),
            ("outside_accounts", SocialAccount.objects.filter(user_id=member.pk)),
        ):
            deleted[name], _ = rows.delete()
        # Deleted last: they tell former names. Whoever is no member any more can not accept one either.
        _invitations(member).filter(revoked_at=None).update(revoked_at=timezone.now())
        deleted["teams"] = member.teams.count() + member.led_teams.count()
        member.teams.clear()
        member.led_teams.clear()
    return deleted


def rename(member: Member) -> Counter[str]:
    """The last step, within the caller's transaction: until now the member is found by the address."""
    pseudonym, changed = pseudonym_of(member), Counter[str]()
    lines = AuditLine.objects.all()
    changed["audit_lines"] = lines.filter(actor_id=member.pk).exclude(actor_name="").update(actor_name=pseudonym)
    about = lines.filter(subject="member", subject_id=str(member.pk))
    changed["audit_lines"] += about.exclude(subject_name="").update(subject_name=pseudonym)
    consents = CallConsent.objects.filter(recorded_by_id=member.pk).exclude(recorded_by_name="")
    changed["consents"] = consents.update(recorded_by_name=pseudonym)
    changed["invitations"], _ = _invitations(member).delete()
    CallInbox.objects.filter(member_id=member.pk, message__type="note").delete()
    changed["inbox"] = CallInbox.objects.filter(member_id=member.pk).update(member_name=pseudonym)
    Member.objects.filter(pk=member.pk).update(name=pseudonym, email=nowhere(member.pk), last_login=None)
    return changed


def ways_in(member: Member) -> int:
    """What they could still sign in with, or are signed in with."""
    rows = (UserSession, Authenticator, EmailAddress, SocialAccount)
    by_id = sum(int(model.objects.filter(user_id=member.pk).count()) for model in rows)
    return by_id + len(_unlisted(member)) + ApiKey.objects.filter(member=member).count() + _invitations(member).count()


def rows_by_id(member: Member, names: Names) -> int:
    """Rows that know them by the id and still have a name or address of theirs beside it."""
    texts = [
        *AuditLine.objects.filter(actor_id=member.pk).values_list("actor_name", flat=True).distinct(),
        *AuditLine.objects.filter(subject="member", subject_id=str(member.pk)).values_list("subject_name", flat=True),
        *CallConsent.objects.filter(recorded_by_id=member.pk).values_list("recorded_by_name", flat=True).distinct(),
        *CallInbox.objects.filter(member_id=member.pk).values_list("member_name", flat=True),
        *Member.objects.filter(pk=member.pk).values_list("name", flat=True),
        *Member.objects.filter(pk=member.pk).values_list("email", flat=True),
    ]
    return sum(bool(names.spans(text)) for text in texts)


def _invitations(member: Member) -> QuerySet[Invitation]:
    return Invitation.objects.filter(Q(member=member) | Q(email__iexact=member.email))


def _unlisted(member: Member) -> list[str]:
    """Sessions that allauth has not written down, such as one whose first page never came."""
    mine = str(member.pk)
    return [
        session.session_key
        for session in Session.objects.iterator()
        if str(session.get_decoded().get("_auth_user_id", "")) == mine
    ]
