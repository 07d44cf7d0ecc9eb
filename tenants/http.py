"""The business of an HTTP request: its host name decides, before anything else runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction, sync_to_async
from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string

from tenants.context import Business, business_scope
from tenants.models import Tenant
from tenants.selectors import Address, hosts, public_address

# A load balancer asks by address, not by name.
PROBE_PATHS = {"/healthz", "/metrics"}


class BusinessRequest(HttpRequest):
    """What every view receives. On the public host both speak of the shared schema."""

    business: Business
    tenant: Tenant


class BusinessMiddleware:
    """Sets `request.business` and `request.tenant` and runs the rest of the request in the business's scope.

    An unknown host is answered 404 here: nothing behind this line ever runs for it. Works on the event loop
    and in a thread; the scope ends with the request, whatever happens.
    """

    async_capable = True
    sync_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._acall(request)
        address = self._address(request) or find_address(request.get_host())
        if address is None:
            return unknown_host()
        _place(request, address)
        with business_scope(address.business):
            response: HttpResponseBase = self.get_response(request)
        return response

    async def _acall(self, request: HttpRequest) -> HttpResponseBase:
        address = self._address(request)
        if address is None:
            address = await sync_to_async(find_address)(request.get_host())
        if address is None:
            return unknown_host()
        _place(request, address)
        with business_scope(address.business):
            response: HttpResponseBase = await self.get_response(request)
        return response

    @staticmethod
    def _address(request: HttpRequest) -> Address | None:
        """What is known without asking the database."""
        address = hosts.remembered(request.get_host())
        if address is None and request.path in PROBE_PATHS:
            return public_address()
        return address


def find_address(host: str) -> Address | None:
    """Where `host` leads. While the database is away, where it last led: errors then come in the business's brand.

    Raises what the database raises for a host that this process never saw.
    """
    try:
        return hosts.find(host)
    except (OperationalError, InterfaceError):
        if (address := hosts.last_known(host)) is None:
            raise
        return address


def _place(request: HttpRequest, address: Address) -> None:
    request.business = address.business  # type: ignore[attr-defined]
    request.tenant = address.tenant  # type: ignore[attr-defined]
    if address.business.is_public:
        request.urlconf = settings.PUBLIC_SCHEMA_URLCONF


def unknown_host() -> HttpResponse:
    """No business here. The page names none, so that hosts can not be guessed from it."""
    return HttpResponseNotFound(render_to_string("unknown_host.html"))
