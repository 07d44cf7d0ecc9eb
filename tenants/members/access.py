"""Who may do what, asked in one way by pages, sockets and the API."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.members.models import Member, Role
from tenants.members.refs import MemberRef

View = Callable[..., HttpResponseBase]
Rows = TypeVar("Rows", bound=Model)

WATCHERS = frozenset({Role.MANAGER.value, Role.ADMIN.value})


def can_watch(roles: Collection[str]) -> bool:
    """May see calls of others, live and afterwards; whose, `reach_of` says."""
    return not WATCHERS.isdisjoint(roles)


@dataclass(frozen=True, slots=True)
class Reach:
    """Whose calls somebody may see: everyone's, or those of `member_ids`."""

    is_everyone: bool = False
    member_ids: frozenset[int] = frozenset()

    def covers(self, member_id: int) -> bool:
        return self.is_everyone or member_id in self.member_ids

    def within(self, rows: QuerySet[Rows], field: str = "member_id") -> QuerySet[Rows]:
        """Those of `rows` whose `field` is the id of a member in reach."""
        return rows if self.is_everyone else rows.filter(**{f"{field}__in": self.member_ids})


def reach_of(member: Member | MemberRef) -> Reach:
    """The one rule: admins see everyone, managers themselves and the members of the teams they lead, reps themselves.

    Who only has other roles sees nobody; so does, beyond their own calls, a manager who leads no team. At most one
    query, within the current business.
    """
    member_id = member.pk if isinstance(member, Member) else member.id
    if member.has_role(Role.ADMIN):
        return Reach(is_everyone=True)
    seen = {member_id} if member.has_role(Role.REP, Role.MANAGER) else set[int]()
    if member.has_role(Role.MANAGER):
        seen.update(Member.objects.filter(teams__leaders=member_id).values_list("pk", flat=True))
    return Reach(member_ids=frozenset(seen))


def leads_nobody(member: Member) -> bool:
    """A manager whom no admin has given a team yet: pages say so instead of staying empty without a word."""
    return member.has_role(Role.MANAGER) and not member.has_role(Role.ADMIN) and not member.led_teams.exists()


def require_role(*roles: str) -> Callable[[View], View]:
    """For page views: sign in first, then one of `roles` (none named: any member), else a 403 page."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not isinstance(request.user, Member):
                return redirect_to_login(request.get_full_path())
            if roles and not request.user.has_role(*roles):
                raise PermissionDenied("Your role does not include this page.")
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def has_role(*roles: str) -> type[BasePermission]:
    """A permission class for the API: one of `roles`."""

    class HasRole(BasePermission):
        message = "Your role does not include this."

        def has_permission(self, request: Request, view: Any) -> bool:  # noqa: ARG002
            return isinstance(request.user, Member) and request.user.has_role(*roles)

    return HasRole
