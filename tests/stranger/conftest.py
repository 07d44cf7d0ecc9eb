"""acme with a canary in every row, and the people who come to look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tenants.context import Business, business_scope
from tests.conftest import MakeMember
from tests.stranger.planted import Planted, plant, record_sound
from tests.stranger.rules import ROLES

Visitor = Callable[..., Client]


@pytest.fixture
def planted(committed_db: None, acme: Business, member: MakeMember, tmp_path: Path, settings: Settings) -> Planted:
    settings.AUDIO_STORAGE_URL = f"file://{tmp_path}/audio"
    found = plant(acme, member("rep", name="canary rep", email="canary-rep@example.com"))
    record_sound(found)
    return found


@pytest.fixture
def visitor(member: MakeMember) -> Visitor:
    """`visitor(business, role, …)`: a browser of a new member with these roles, on their own host.

    A manager leads the planted rep's team; with `is_in_team=False` they lead nobody.
    """

    def make(business: Business, *roles: str, is_in_team: bool = True) -> Client:
        who = member(*(roles or ROLES), business=business, name="Vera Visitor", is_in_team=is_in_team)
        client = Client(SERVER_NAME=f"{business.schema_name}.localhost", raise_request_exception=False)
        with business_scope(business):
            client.force_login(who)
        return client

    return make
