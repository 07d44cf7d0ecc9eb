"""Who is asking: a program with an API key, or a browser with its session."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Q
from django.utils import timezone
from django.utils.module_loading import import_string
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from tenants.members.models import ApiKey, Member

USED_AT_MOST_EVERY = timedelta(minutes=1)


def bearer_secret(header: str) -> str | None:
    """The key in an Authorization header's value, or None when the header speaks of something else."""
    scheme, _, secret = header.strip().partition(" ")
    return secret.strip() if scheme.lower() == "bearer" and secret.strip() else None


def valid_key(secret: str) -> ApiKey | None:
    """The key with its `member`, who is active; None for unknown and revoked keys.

    Notes the use, at most once a minute, by one conditional UPDATE.
    """
    if not secret.startswith(ApiKey.PREFIX):
        return None
    key = (
        ApiKey.objects.select_related("member")
        .filter(digest=ApiKey.digest_of(secret), revoked_at=None, member__is_active=True)
        .first()
    )
    if key is None:
        return None
    now = timezone.now()
    ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lt=now - USED_AT_MOST_EVERY), pk=key.pk).update(
        last_used_at=now
    )
    return key


def key_scope_of(view: Any) -> str | None:
    """The scope a view asks of API keys, declared as `key_scope` on it or its class; None: it takes no keys at all."""
    scope = getattr(view, "key_scope", None) or getattr(getattr(view, "cls", None), "key_scope", None)
    return str(scope) if scope else None


def member_for_session(session_key: str) -> Member | None:
    """The active member of a session of the current business, None when it is over or the password changed since."""
    store = import_string(f"{settings.SESSION_ENGINE}.SessionStore")(session_key)
    user = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    return user if isinstance(user, Member) and user.is_active else None


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer sp_…` for programs. Other schemes are left to the next class.

    The key must have the scope that the addressed operation declares; one that declares none takes no keys.
    """

    def authenticate(self, request: Request) -> tuple[Member, ApiKey] | None:
        secret = bearer_secret(request.headers.get("Authorization", ""))
        if secret is None:
            return None
        key = valid_key(secret)
        if key is None:
            raise AuthenticationFailed("This API key is not valid here, or it was revoked.")
        match = getattr(request, "resolver_match", None)
        scope = key_scope_of(match.func) if match else None
        if scope is None:
            raise PermissionDenied("This takes no API keys: sign in with a browser.")
        if scope not in key.scopes:
            raise PermissionDenied(f"This API key lacks the scope {scope}: ask an admin for a key that has it.")
        return key.member, key

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002
        return "Bearer"


def session_key_of(cookies: dict[str, Any]) -> str:
    return str(cookies.get(settings.SESSION_COOKIE_NAME, ""))
