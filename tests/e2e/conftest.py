"""Everything real: Chromium, Daphne, a worker, Postgres, Valkey. Only the vendors are local servers."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tenants.context import Business
from tenants.members.models import Member
from tests.e2e.house import House, furnish


@pytest.fixture
def house(acme: Business, globex: Business, committed_db: None, member: Callable[..., Member]) -> House:
    return furnish(acme, globex, member)
