"""Making businesses, members and keys from the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.db import connection

from tenants.context import Business, business_scope, public_scope
from tenants.house.models import Branding, Policy
from tenants.members.authentication import valid_key
from tenants.members.models import ApiKey, Member
from tenants.models import Domain, Tenant
from tenants.postgresql.roles import (
    MAX_NAME_BYTES,
    create_business_role,
    open_business,
    prepare_database,
    role_name,
)
from tenants.provisioning import create_business
from tenants.selectors import business_by_schema
from tests import owner, services
from tests.conftest import MakeMember
from tests.tenants.upgrades import OwnerProcess

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("committed_db")]


def manage(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=services.ROOT,
        env=dict(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def initech() -> Iterator[str]:
    yield "initech"
    owner.remove_business("initech")


def test_one_command_makes_a_business_that_works_and_may_run_again(initech: str) -> None:
    command = ("create_business", initech, "--name", "Initech", "--host", "Initech.localhost", "--trade", "software")
    assert manage(*command).returncode == 0
    with business_scope(business_by_schema(initech)):
        assert Branding.objects.get().product_name == "Initech"
        Branding.objects.update(product_name="Our own name")
    again = manage(*command)
    assert again.returncode == 0, again.stderr
    with public_scope():
        assert Domain.objects.get(domain="initech.localhost").tenant.schema_name == initech
        assert Tenant.objects.filter(schema_name=initech).count() == 1
    with business_scope(business_by_schema(initech)):
        assert Branding.objects.get().product_name == "Our own name"
        assert Policy.objects.count() == 1


def test_the_first_admin_comes_with_the_business_without_a_password(initech: str, as_owner: OwnerProcess) -> None:
    with_admin = ("--admin-email", "Ada@Initech.example", "--admin-name", "Ada Byron")
    made = as_owner.run("create_business", initech, "--name", "Initech", "--host", "initech.localhost", *with_admin)
    assert made.status == 0, made.err
    with business_scope(business_by_schema(initech)):
        ada = Member.objects.get()
        assert (ada.email, ada.name, ada.roles) == ("ada@initech.example", "Ada Byron", ["admin"])
        assert not ada.has_usable_password()


ANNOUNCED = """
import django; django.setup()
from django.db import connection
from tenants.context import require_tenant
from tenants.provisioning import create_business, first_admin_added

def receive(member, **_):
    print(require_tenant().schema_name, member.email, connection.in_atomic_block)

first_admin_added.connect(receive)
for _ in range(2):
    create_business(schema_name="initech", name="I", host="initech.localhost", admin_email="ada@initech.example")
"""


def test_the_first_admin_is_announced_once_and_after_the_commit(initech: str) -> None:
    made = subprocess.run(
        [sys.executable, "-c", ANNOUNCED],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.stdout.splitlines() == ["initech ada@initech.example False"], made.stderr


def test_an_odd_address_of_the_first_admin_is_refused_before_anything_is_made(
    initech: str, as_owner: OwnerProcess
) -> None:
    command = ("create_business", initech, "--name", "I", "--host", "initech.localhost", "--admin-email", "ada@")
    made = as_owner.run(*command)
    assert made.status != 0
    assert "valid email" in made.err
    with public_scope():
        assert not Tenant.objects.filter(schema_name=initech).exists()


@pytest.fixture
def no_index_can_be_made() -> Iterator[None]:
    """Postgres itself refuses, in the middle of the tables."""
    with psycopg.connect(
        os.environ[services.ADMIN_URL], dbname=services.database(services.worker()), autocommit=True
    ) as admin:
        admin.execute(
            "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql "
            "AS $$ BEGIN RAISE EXCEPTION 'no room'; END $$"
        )
        admin.execute(
            "CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE INDEX') "
            "EXECUTE FUNCTION public.refuse()"
        )
        yield
        admin.execute("DROP EVENT TRIGGER refuse")
        admin.execute("DROP FUNCTION public.refuse()")


@pytest.mark.usefixtures("no_index_can_be_made")
def test_an_attempt_that_fails_in_the_middle_leaves_nothing(initech: str, as_owner: OwnerProcess) -> None:
    made = as_owner.run("create_business", initech, "--name", "I", "--host", "initech.localhost")
    assert "no room" in made.err
    role = role_name(services.database(services.worker()), initech)
    with owner.connect() as admin:
        assert not admin.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [initech]).fetchall()
        assert not admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchall()
    with public_scope():
        assert not Tenant.objects.filter(schema_name=initech).exists()
        assert not Domain.objects.filter(domain="initech.localhost").exists()


def test_a_short_name_that_is_a_word_of_sql_works(as_owner: OwnerProcess) -> None:
    try:
        made = as_owner.run("create_business", "select", "--name", "Word", "--host", "select.localhost")
        assert made.status == 0, made.err
        with business_scope(business_by_schema("select")):
            assert Branding.objects.get().product_name == "Word"
    finally:
        owner.remove_business("select")


def test_nobody_becomes_a_business_before_its_audit_log_is_sealed(initech: str) -> None:
    share = services.worker()
    role = role_name(services.database(share), initech)
    app = services.app(share)
    rights = "SELECT pg_has_role(%s, %s, 'MEMBER'), has_table_privilege(%s, 'initech.audit_auditline', 'DELETE')"
    with owner.connect() as admin, admin.transaction(force_rollback=True):
        create_business_role(admin, schema=initech, owner=services.owner(share), has_tables=False)
        admin.execute("CREATE TABLE initech.django_migrations (); CREATE TABLE initech.audit_later ()")
        assert not open_business(admin, schema=initech, app=app)
        admin.execute("ALTER TABLE initech.audit_later RENAME TO audit_auditline")
        assert admin.execute(rights, [app, role, role]).fetchone() == (False, True)
        assert open_business(admin, schema=initech, app=app)
        assert admin.execute(rights, [app, role, role]).fetchone() == (True, False)


def test_making_a_business_again_never_opens_its_audit_log(acme: Business) -> None:
    share = services.worker()
    role = role_name(services.database(share), acme.schema_name)
    with owner.connect() as admin, admin.transaction(force_rollback=True):
        create_business_role(admin, schema=acme.schema_name, owner=services.owner(share))
        for right in ("UPDATE", "DELETE", "TRUNCATE"):
            answer = admin.execute("SELECT has_table_privilege(%s, 'acme.audit_auditline', %s)", [role, right])
            assert answer.fetchone() == (False,)


def test_a_business_cut_short_is_completed_by_the_next_attempt(initech: str) -> None:
    with owner.connect() as admin:
        admin.execute(
            "INSERT INTO tenants_tenant (schema_name, name, trade, created_at) VALUES ('initech', 'I', '', now())"
        )
        admin.execute("CREATE SCHEMA initech")
    assert manage("create_business", initech, "--name", "I", "--host", "initech.localhost").returncode == 0
    with business_scope(business_by_schema(initech)):
        assert Member.objects.count() == 0


@pytest.mark.parametrize(
    "schema", ["Acme2", "public", "pg_evil", 'a"; drop', "", "1st", "a" * 42, "information_schema"]
)
def test_an_impossible_short_name_is_refused_in_words(monkeypatch: pytest.MonkeyPatch, schema: str) -> None:
    monkeypatch.setitem(connection.settings_dict, "BUSINESS_ROLES", False)
    with pytest.raises(ValidationError, match="all lower case"):
        create_business(schema_name=schema, name="X", host="x.localhost")


def test_a_host_leads_to_one_business_only() -> None:
    refused = manage("create_business", "initech", "--name", "X", "--host", "acme.localhost")
    assert refused.returncode != 0
    assert "already leads to another business" in refused.stderr
    with public_scope():
        assert not Tenant.objects.filter(schema_name="initech").exists()


def test_the_application_makes_no_business() -> None:
    with pytest.raises(ImproperlyConfigured, match="made by the owner"):
        create_business(schema_name="initech", name="I", host="initech.localhost")


def test_create_member_prints_a_password_that_signs_in(acme: Business, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_member", "Ada@Example.com", business="acme", name="Ada", role=["manager"])
    password = capsys.readouterr().out.strip().rpartition(" ")[2]
    with business_scope(acme):
        ada = Member.objects.get(email="ada@example.com")
    assert ada.check_password(password)
    with pytest.raises(CommandError, match="exists already"):
        call_command("create_member", "ada@example.com", business="acme", name="Ada")
    with pytest.raises(CommandError, match="no business"):
        call_command("create_member", "ada@example.com", business="nowhere", name="Ada")
    with pytest.raises(CommandError, match="at least 10"):
        call_command("create_member", "bo@example.com", business="acme", name="Bo", password="short")


def speaker(secret: str) -> Member | None:
    key = valid_key(secret)
    return key.member if key else None


def test_create_api_key_prints_the_key_once_and_keeps_its_hash(
    acme: Business, globex: Business, member: MakeMember, capsys: pytest.CaptureFixture[str]
) -> None:
    ada = member("rep", email="ada@example.com")
    call_command("create_api_key", business="acme", member="ada@example.com", name="crm", scope=["calls:read"])
    secret = capsys.readouterr().out.strip()
    with business_scope(acme):
        row = ApiKey.objects.get()
        assert secret not in str(row.__dict__)
        assert row.scopes == ["calls:read"]
        assert speaker(secret) == ada
        first_use = ApiKey.objects.get().last_used_at
        assert speaker(secret) == ada
        assert ApiKey.objects.get().last_used_at == first_use
        Member.objects.update(is_active=False)
        assert speaker(secret) is None
    with business_scope(globex):
        assert speaker(secret) is None
    with pytest.raises(CommandError, match="no active member"):
        call_command("create_api_key", business="acme", member="nobody@example.com", name="crm", scope=["calls:read"])
    with pytest.raises(CommandError, match="--scope"):
        call_command("create_api_key", "--business=acme", "--member=ada@example.com", "--name=crm")


def test_role_names_fit_and_do_not_meet() -> None:
    assert role_name("salespilot", "acme") == "salespilot:acme"
    long = [role_name("d" * 60, f"acme{number}") for number in range(3)]
    assert len(set(long)) == 3
    assert all(len(name.encode()) <= MAX_NAME_BYTES for name in (*long, role_name("ü" * 31, "a" * 41)))


def test_preparing_a_database_again_changes_nothing_but_the_passwords() -> None:
    share = services.worker()
    prepare_database(
        os.environ[services.ADMIN_URL],
        database=services.database(share),
        owner=services.owner(share),
        owner_password=services.PASSWORD,
        app=services.app(share),
        app_password=services.PASSWORD,
    )
    with psycopg.connect(os.environ["DATABASE_URL"]) as app:
        assert app.execute("SHOW timezone").fetchone() == ("UTC",)
