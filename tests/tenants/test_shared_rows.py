"""Rows of several businesses in one table: each sees and changes its own, and Postgres says so. Never to be deleted."""

from __future__ import annotations

import os

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.template import dump
from tenants.context import Business, business_scope, public_scope
from tenants.isolation.shape import OPEN_VIEWS, SHARED_TABLES
from tenants.models import Domain, Tenant
from tenants.postgresql.roles import role_name
from tenants.selectors import hosts
from tests import owner, services

pytestmark = pytest.mark.usefixtures("committed_db")


def test_a_business_sees_itself_and_its_own_hosts_only(acme: Business) -> None:
    with public_scope():
        assert {"acme", "globex"} <= {tenant.schema_name for tenant in Tenant.objects.all()}
        assert {"acme.localhost", "globex.localhost"} <= {domain.domain for domain in Domain.objects.all()}
    with business_scope(acme):
        assert [tenant.schema_name for tenant in Tenant.objects.all()] == ["acme"]
        assert [domain.domain for domain in Domain.objects.all()] == ["acme.localhost"]


def test_a_business_asks_for_a_host_and_withdraws_it(acme: Business) -> None:
    with business_scope(acme), transaction.atomic():
        asked = Domain.objects.create(domain="calls.acme.example", tenant_id=acme.id, is_primary=False)
        assert hosts.find("calls.acme.example") is None
        asked.delete()
        assert not Domain.objects.filter(domain="calls.acme.example").exists()


def test_two_businesses_may_ask_for_one_host_and_it_leads_to_one(acme: Business, globex: Business) -> None:
    for business in (acme, globex):
        with business_scope(business):
            Domain.objects.create(domain="shared.example", tenant_id=business.id, is_primary=False)
    asked = Domain.objects.filter(domain="shared.example")
    try:
        with public_scope():
            asked.filter(tenant_id=acme.id).update(verified_at=timezone.now())
            with pytest.raises(IntegrityError, match="domain_leads_to_one"):
                asked.filter(tenant_id=globex.id).update(verified_at=timezone.now())
        found = hosts.find("shared.example")
        assert found
        assert found.business == acme
    finally:
        with public_scope():
            asked.delete()


@pytest.mark.parametrize(
    "row",
    [
        {"verified_at": timezone.now()},
        {"is_primary": True},
        {"of": "globex"},
        {"of": "globex", "owner_role": "own"},
    ],
    ids=["verified already", "primary", "for another business", "for another business in our name"],
)
def test_postgres_refuses_a_host_that_a_business_may_not_take(
    acme: Business, globex: Business, row: dict[str, object]
) -> None:
    database = services.database(services.worker())
    home = "globex" if row.pop("of", None) else "acme"
    owner_role = role_name(database, "acme" if row.pop("owner_role", None) else home)
    columns = {
        "domain": "taken.example",
        "tenant_id": (globex if home == "globex" else acme).id,
        "is_primary": False,
        "verified_at": None,
        "owner_role": owner_role,
        **row,
    }
    with (
        business_scope(acme),
        pytest.raises(ProgrammingError, match="violates row-level security policy"),
        connection.cursor() as cursor,
    ):
        cursor.execute(
            f"INSERT INTO tenants_domain ({', '.join(columns)}) VALUES (%s, %s, %s, %s, %s)",
            [*columns.values()],  # type: ignore[list-item]
        )


def test_a_business_verifies_no_host_and_keeps_its_primary_one(acme: Business) -> None:
    with business_scope(acme):
        with pytest.raises(ProgrammingError, match="permission denied"):
            Domain.objects.update(verified_at=timezone.now())
        assert Domain.objects.all().delete() == (0, {})
        with pytest.raises(ProgrammingError, match="permission denied"):
            Tenant.objects.update(name="Ours")


def test_every_shared_table_with_rows_of_businesses_is_under_forced_policies() -> None:
    with owner.connect() as admin:
        tables = admin.execute(SHARED_TABLES).fetchall()
    assert {"tenants_tenant", "tenants_domain", "signup_businessrequest"} <= {name for name, *_ in tables}
    assert [name for name, is_on, is_forced in tables if not (is_on and is_forced)] == []


def test_a_backup_by_the_owner_holds_the_hosts_of_all_businesses() -> None:
    url = os.environ["DATABASE_OWNER_URL"]
    text = dump(url, "public", "--data-only", "--enable-row-security")
    assert "acme.localhost" in text
    assert "globex.localhost" in text
    with pytest.raises(QuickstartError, match="row-level security"):
        dump(url, "public", "--data-only")


def test_no_view_looks_with_the_rights_of_its_owner() -> None:
    with owner.connect() as admin:
        assert admin.execute(OPEN_VIEWS).fetchall() == []
        with admin.transaction(force_rollback=True):
            admin.execute("CREATE VIEW public.all_domains AS SELECT * FROM tenants_domain")
            assert admin.execute(OPEN_VIEWS).fetchall() == [("public", "all_domains")]
