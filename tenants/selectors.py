"""Which business a host name leads to. Reads the shared schema, from any context."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from django.conf import settings

from tenants.context import PUBLIC, Business, public_scope
from tenants.models import Domain, Tenant

HOSTS_KEPT = 1000
HOST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a host name leads: a business and its row. For the public host the row is one that is never saved."""

    business: Business
    tenant: Tenant


def public_address() -> Address:
    return Address(PUBLIC, Tenant(schema_name=PUBLIC.schema_name, name=PUBLIC.name))


def business_of(tenant: Tenant) -> Business:
    return Business(id=tenant.pk, schema_name=tenant.schema_name, name=tenant.name)


def each_business() -> list[Business]:
    """All businesses, for fan-out tasks. Works in any context."""
    with public_scope():
        return [business_of(tenant) for tenant in Tenant.objects.all()]


def business_by_schema(schema_name: str) -> Business:
    """Raises `Tenant.DoesNotExist`."""
    with public_scope():
        return business_of(Tenant.objects.get(schema_name=schema_name))


def business_by_id(business_id: int) -> Business:
    """Raises `Tenant.DoesNotExist`."""
    with public_scope():
        return business_of(Tenant.objects.get(pk=business_id))


class HostDirectory:
    """Host name → address, remembered per process for 10 s and for at most 1,000 hosts (the oldest goes).

    Unknown hosts are not remembered: a business can be reached the moment it is created.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._known: OrderedDict[str, tuple[float, Address]] = OrderedDict()

    def remembered(self, host: str) -> Address | None:
        """Without I/O, for the event loop."""
        name = _name(host)
        if name == settings.PUBLIC_HOST:
            return public_address()
        with self._lock:
            entry = self._known.get(name)
        return entry[1] if entry and entry[0] > time.monotonic() else None

    def find(self, host: str) -> Address | None:
        """The address of a Host header's value (a port is ignored), or None for an unknown host."""
        if address := self.remembered(host):
            return address
        name = _name(host)
        with public_scope():
            domain = Domain.objects.select_related("tenant").filter(domain=name, verified_at__isnull=False).first()
        if domain is None:
            return None
        address = Address(business_of(domain.tenant), domain.tenant)
        with self._lock:
            self._known[name] = (time.monotonic() + HOST_SECONDS, address)
            self._known.move_to_end(name)
            while len(self._known) > HOSTS_KEPT:
                self._known.popitem(last=False)
        return address

    def last_known(self, host: str) -> Address | None:
        """What was last true of a host, however old: for while the database can not be asked."""
        with self._lock:
            entry = self._known.get(_name(host))
        return entry[1] if entry else None

    def forget(self) -> None:
        """After a change of businesses or domains in this process; others follow within 10 s."""
        with self._lock:
            self._known.clear()


hosts = HostDirectory()


def _name(host: str) -> str:
    """The host name without port and trailing dot, in lower case."""
    return host.rsplit(":", 1)[0].rstrip(".").lower() if not host.endswith("]") else host.lower()
