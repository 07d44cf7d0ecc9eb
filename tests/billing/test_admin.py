"""Usage and prices in the admin: the ledger to read in a business, prices to add on the public host."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from django.test import Client

from billing.ledger import record
from billing.models import UsageEntry
from billing.rates.models import Price
from tenants.context import Business, business_scope, public_scope
from tenants.members.models import Member
from tests.billing.conftest import Meter

MakeMember = Callable[..., Member]
ClientFor = Callable[..., Client]
CALL = uuid.uuid4()

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def entry(acme: Business, metered: Meter, committed_db: None) -> UsageEntry:
    with business_scope(acme):
        record([metered(CALL, 1)])
        return UsageEntry.objects.get()


@pytest.mark.parametrize("role", ["admin", "billing"])
def test_the_ledger_can_be_read_and_not_changed(
    role: str, entry: UsageEntry, member: MakeMember, client_for: ClientFor
) -> None:
    client = client_for(member(role))
    listed = client.get("/admin/billing/usageentry/")
    assert listed.status_code == 200
    assert "$0.004800" in listed.content.decode()
    assert client.get(f"/admin/billing/usageentry/{entry.pk}/change/").status_code == 200
    assert client.get("/admin/billing/usageentry/add/").status_code == 403
    assert client.post(f"/admin/billing/usageentry/{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(f"/admin/billing/usageentry/{entry.pk}/change/", {"quantity": "0"}).status_code == 403


def test_a_stranger_sees_an_empty_ledger(
    entry: UsageEntry, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    stranger = client_for(member("admin", business=globex))
    assert "$0.004800" not in stranger.get("/admin/billing/usageentry/").content.decode()
    assert stranger.get(f"/admin/billing/usageentry/{entry.pk}/change/").status_code == 302


@pytest.mark.parametrize("role", ["rep", "manager"])
def test_others_do_not_get_into_the_admin(role: str, member: MakeMember, client_for: ClientFor) -> None:
    assert client_for(member(role)).get("/admin/billing/usageentry/").status_code in {302, 403}


def test_prices_are_not_in_a_businesss_admin(member: MakeMember, client_for: ClientFor) -> None:
    assert client_for(member("admin")).get("/admin/rates/price/").status_code == 403


def test_operators_add_prices_and_change_none(operator: Callable[[], Member], client_for: ClientFor) -> None:
    client = client_for(operator())
    listed = client.get("/admin/rates/price/")
    assert listed.status_code == 200
    assert "$0.004800" in listed.content.decode()
    form = {
        "component": "speech",
        "provider": "deepgram",
        "model": "nova-test",
        "unit": "audio_ms",
        "micros": "5000",
        "per": "60000",
        "valid_from": "2026-11-22",
        "source": "a test",
    }
    with public_scope():
        first = Price.objects.first()
        assert first is not None
    try:
        assert client.post("/admin/rates/price/add/", form).status_code == 302
        with public_scope():
            assert Price.objects.filter(model="nova-test", micros=5_000).exists()
        assert client.post(f"/admin/rates/price/{first.pk}/change/", form).status_code == 403
        assert client.post(f"/admin/rates/price/{first.pk}/delete/", {"post": "yes"}).status_code == 403
    finally:
        with public_scope():
            Price.objects.filter(model="nova-test").delete()


def test_operators_have_no_ledger(operator: Callable[[], Member], client_for: ClientFor) -> None:
    assert client_for(operator()).get("/admin/billing/usageentry/").status_code == 403
