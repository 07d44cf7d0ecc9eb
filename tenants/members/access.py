"""Who may do what, asked in one way by pages, sockets and the API."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from tenants.members.models import Member, Role

View = Callable[..., HttpResponseBase]

WATCHERS = frozenset({Role.MANAGER.value, Role.ADMIN.value})


def can_watch(roles: Collection[str]) -> bool:
    """May see calls of others, live and afterwards."""
    return not WATCHERS.isdisjoint(roles)


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
