"""A name server of the test's own, and what stands in it when a business has done everything right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tenants.context import Business
from tenants.domains.proof import records
from tenants.selectors import hosts
from tests import owner
from tests.domains.dns_server import NameServer

Prove = Callable[..., None]


@pytest.fixture
def name_server(settings: Any) -> Iterator[NameServer]:
    with NameServer() as server:
        settings.DNS_SERVERS = [server.address]
        settings.DOMAIN_TARGET = "hosts.pilot.test"
        yield server


@pytest.fixture
def prove(name_server: NameServer) -> Prove:
    """`prove(business, name)`: both records stand in DNS as the business was told."""

    def put(business: Business, name: str) -> None:
        wanted = records(business, name)
        name_server.put(name, "CNAME", f"{wanted.target}.")
        name_server.put(wanted.txt_name, "TXT", wanted.txt_value)

    return put


@pytest.fixture
def only_first_hosts(committed_db: None) -> Iterator[None]:
    """What tests add to the hosts goes again: the table belongs to the installation and is not swept."""
    yield
    with owner.connect() as admin:
        admin.execute("DELETE FROM tenants_domain WHERE domain NOT IN ('acme.localhost', 'globex.localhost')")
        admin.execute("UPDATE tenants_domain SET is_primary = true")
    hosts.forget()
