"""How often somebody may ask for a business: counted in the table itself, so it holds with the cache down, too."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from tenants.signup.models import BusinessRequest

WINDOW = timedelta(hours=1)
PER_ORIGIN, PER_EMAIL = 5, 3
# Mails of an hour, whoever asks: nobody makes a mail cannon of us.
ALTOGETHER = 100


def origin_of(request: HttpRequest) -> str:
    """Where a request comes from, as a keyed hash: the network address itself is not kept."""
    address = get_adapter(request).get_client_ip(request)
    return hmac.new(settings.SECRET_KEY.encode(), f"origin:{address}".encode(), hashlib.sha256).hexdigest()[:32]


def is_too_often(origin: str) -> bool:
    recent = BusinessRequest.objects.filter(asked_by="", created_at__gt=timezone.now() - WINDOW)
    return recent.filter(origin=origin).count() >= PER_ORIGIN or recent.count() >= ALTOGETHER


def has_mail_enough(email: str) -> bool:
    """Whether this address was written to often enough. Who asks is not told: it would say who asked before."""
    recent = BusinessRequest.objects.filter(admin_email=email.lower(), created_at__gt=timezone.now() - WINDOW)
    return recent.count() >= PER_EMAIL
