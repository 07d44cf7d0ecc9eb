"""The public host's only page: where operators begin and everyone else learns where to go."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tenants.members.models import Member
from tenants.models import Domain


def operators_home(request: HttpRequest) -> HttpResponse:
    """Businesses with their addresses, for a signed-in operator; for others a pointer to their own address."""
    is_operator = isinstance(request.user, Member) and request.user.is_superuser
    verified = Domain.objects.filter(verified_at__isnull=False)
    domains = verified.select_related("tenant").order_by("tenant__name") if is_operator else Domain.objects.none()
    port = request.get_port()
    suffix = "" if port in {"80", "443"} else f":{port}"
    context = {
        "domains": domains,
        "is_operator": is_operator,
        "suffix": suffix,
        "can_sign_up": settings.SIGN_UP != "closed",
    }
    return render(request, "operators_home.html", context)
