"""Every look at a call leaves a line in the audit log. Within the current business.

A page is one look each time it is opened. A socket that comes back and a poll that asks again go on looking: of the
API and the sockets there is one line per member, call and half hour. The person on a call that runs leaves none: that
they are on it is what the call itself says.
"""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from calls.models import Call, CallState
from tenants.audit.models import Action, AuditLine, Via
from tenants.audit.services import record
from tenants.members.models import Member
from tenants.members.refs import MemberRef

SAME_LOOK = timedelta(minutes=30)
SUBJECT = "call"


def opened(call: Call, member: Member | MemberRef, *, via: Via) -> None:
    """The member has opened a page that shows the call."""
    action = _action(call, member)
    if action is not None:
        _note(action, call, member, via)


def went_on(call: Call, member: MemberRef, *, via: Via) -> None:
    """The member reads the call through the API or a socket: a line, unless the last one is not old yet."""
    action = _action(call, member)
    if action is not None:
        _note_once(action, call, member, via)


def played(call: Call, member: MemberRef, *, via: Via) -> None:
    """The member hears the recording. A player asks for it piece by piece: one line for all of them."""
    _note_once(Action.AUDIO_PLAYED, call, member, via)


def _action(call: Call, member: Member | MemberRef) -> Action | None:
    if call.state == CallState.ENDED:
        return Action.CALL_VIEWED
    return None if call.member_id == _id(member) else Action.CALL_WATCHED


def _note_once(action: Action, call: Call, member: MemberRef, via: Via) -> None:
    earlier = AuditLine.objects.filter(
        subject=SUBJECT, subject_id=str(call.pk), actor_id=member.id, action=action, at__gt=timezone.now() - SAME_LOOK
    )
    if not earlier.exists():
        _note(action, call, member, via)


def _note(action: Action, call: Call, member: Member | MemberRef, via: Via) -> None:
    """The customer's name stays out: the line outlives it."""
    key = member.key if isinstance(member, MemberRef) else None
    detail = {"key": key.id} if key else {}
    record(action, actor=member, via=via, subject=SUBJECT, subject_id=call.pk, detail=detail)


def _id(member: Member | MemberRef) -> int:
    return member.pk if isinstance(member, Member) else member.id
