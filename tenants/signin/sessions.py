"""Browsers that are signed in: listed, and ended one by one or together. Open sockets follow within 10 s."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.http import HttpRequest

from tenants.audit.models import Action, Via
from tenants.members.models import Member
from tenants.signin.notes import note

BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """What a person needs to recognise a browser."""

    id: int
    browser: str
    ip: str
    since: datetime
    is_current: bool


def sessions_of(member: Member, *, current_key: str | None) -> list[SessionRow]:
    """Newest first; what has ended meanwhile is forgotten on the way."""
    rows = UserSession.objects.purge_and_list(member)
    return [
        SessionRow(row.pk, browser_name(row.user_agent), row.ip, row.created_at, row.session_key == current_key)
        for row in sorted(rows, key=lambda row: row.created_at, reverse=True)
    ]


def end_sessions(rows: Iterable[UserSession], *, of: Member, by: Member | None, via: Via) -> int:
    """How many were ended."""
    keys = [row.session_key for row in rows]
    with transaction.atomic():
        UserSession.objects.filter(session_key__in=keys).delete()
        count, _ = Session.objects.filter(session_key__in=keys).delete()
        if count:
            note(Action.ACCESS_CHANGED, by=by, via=via, about=of, detail={"sessions_ended": count})
    return count


def end_all(member: Member, *, by: Member | None, via: Via, but: str | None = None) -> int:
    """Every session of `member` but the one with key `but`."""
    rows = UserSession.objects.filter(user_id=member.pk).exclude(session_key=but or "")
    return end_sessions(rows, of=member, by=by, via=via)


def keep_session_listed(request: HttpRequest) -> None:
    """After the session of this request got a new key: otherwise nobody could end it."""
    UserSession.objects.create_from_request(request)


def browser_name(user_agent: str) -> str:
    """`Firefox on Linux`; what is not known, as `A browser`."""
    browser = next((name for sign, name in BROWSERS if sign in user_agent), "A browser")
    system = next((name for sign, name in SYSTEMS if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser
