"""A name server of the test's own, and what stands in it when a business has done everything right."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tenants.context import Business
from tenants.domains.proof import records
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
