"""`GET /tls/ask?domain=…`: what a proxy asks before it has a certificate issued. 200 for a host that leads somewhere.

Answered before the host is looked up, so on any host; only for addresses of `TLS_ASK_ALLOWED`, and never for a request
that came through a proxy, which is the public's.
"""

from __future__ import annotations

import re
from ipaddress import ip_address

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse

from tenants.http import find_address

_HOST = re.compile(r"[a-z0-9._-]{1,253}")
FORWARDED = {"X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via"}


def ask(request: HttpRequest) -> HttpResponse:
    """One indexed query at most, none for a host that was seen within 10 s. 503 while nobody can say."""
    if not _may_ask(request):
        return _said(403, "Only the proxies in TLS_ASK_ALLOWED may ask.")
    name = request.GET.get("domain", "").rstrip(".").lower()
    try:
        is_known = _HOST.fullmatch(name) is not None and find_address(name) is not None
    except (DatabaseError, InterfaceError):
        return _said(503, "The database is away: ask again.")
    finally:
        # Nobody else gives back what this thread took: no middleware runs around a probe.
        connection.close()
    return _said(200, "Yes.") if is_known else _said(404, "No such host.")


def _may_ask(request: HttpRequest) -> bool:
    if FORWARDED & set(request.headers):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in settings.TLS_ASK_ALLOWED)


def _said(status: int, words: str) -> HttpResponse:
    return HttpResponse(f"{words}\n", status=status, content_type="text/plain; charset=utf-8")
