"""acme with a canary in every row, and the people who come to look."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from tenants.context import Business, business_scope
from tests.conftest import MakeMember
from tests.stranger.planted import Planted, plant
from tests.stranger.rules import ROLES

Visitor = Callable[..., Client]


@pytest.fixture
def planted(committed_db: None, acme: Business, member: MakeMember) -> Planted:
    return plant(acme, member("rep", name="canary rep", email="canary-rep@example.com"))


@pytest.fixture
def visitor(member: MakeMember) -> Visitor:
    """`visitor(business, role, …)`: a browser of a new member with these roles, on their own host."""

    def make(business: Business, *roles: str) -> Client:
        who = member(*(roles or ROLES), business=business, name="Vera Visitor")
        client = Client(SERVER_NAME=f"{business.schema_name}.localhost", raise_request_exception=False)
        with business_scope(business):
            client.force_login(who)
        return client

    return make
