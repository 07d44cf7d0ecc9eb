"""The signed link that is mailed: it proves the e-mail address, and leads to the request's page afterwards."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from tenants.context import public_scope
from tenants.signup.models import BusinessRequest, State

SALT = "sales-pilot.sign-up"
CONFIRM_WITHIN, SHOWN_FOR = timedelta(hours=24), timedelta(days=30)


class LinkClosed(Exception):
    """The link opens nothing: forged, too old, or of a request that was forgotten."""


def key_of(request: BusinessRequest) -> str:
    return signing.TimestampSigner(salt=SALT).sign(request.pk.hex)


def path_of(request: BusinessRequest) -> str:
    return reverse("sign_up_request", urlconf=settings.PUBLIC_SCHEMA_URLCONF, args=[key_of(request)])


def find(key: str) -> BusinessRequest:
    """The request of `key`. Raises `LinkClosed`."""
    try:
        pk = uuid.UUID(signing.TimestampSigner(salt=SALT).unsign(key, max_age=SHOWN_FOR))
    except (signing.BadSignature, ValueError):
        raise LinkClosed from None
    with public_scope():
        request = BusinessRequest.objects.select_related("tenant").filter(pk=pk).first()
    if request is None or is_late(request):
        raise LinkClosed
    return request


def is_late(request: BusinessRequest) -> bool:
    """Whether its address was not confirmed in time."""
    return request.state == State.REQUESTED and timezone.now() - request.created_at > CONFIRM_WITHIN
