"""`check_isolation`: no surprise on a sound database, and one for every guard that is taken away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from tenants.context import public_scope
from tenants.isolation.attempt import Expected, Line, Result
from tenants.isolation.registry import ATTEMPTS
from tenants.postgresql.roles import ALL_BUSINESSES, prepare_database, role_name
from tests import owner, services
from tests.isolation.guards import GUARDS, OF_POSTGRES, Guard
from tests.isolation.matrix import surprises, tried

pytestmark = pytest.mark.processes

SHARE = f"{services.worker()}_guards"
DATABASE = services.database(SHARE)


@pytest.fixture(scope="module")
def superuser(django_db_blocker: DjangoDbBlocker) -> Iterator[psycopg.Connection[Any]]:
    """On a database of its own, with both businesses and a view of globex's brand in acme."""
    admin_url = os.environ[services.ADMIN_URL]
    address = admin_url.rpartition("@")[2].partition("/")[0]
    prepare_database(
        admin_url,
        database=DATABASE,
        owner=services.owner(SHARE),
        owner_password=services.PASSWORD,
        app=services.app(SHARE),
        app_password=services.PASSWORD,
    )
    urls = {
        "DATABASE_OWNER_URL": f"postgresql://{services.owner(SHARE)}:{services.PASSWORD}@{address}/{DATABASE}",
        "DATABASE_URL": f"postgresql://{services.app(SHARE)}:{services.PASSWORD}@{address}/{DATABASE}",
    }
    subprocess.run(
        [sys.executable, "-m", "tests.owner"],
        cwd=services.ROOT,
        env={**os.environ, **urls, "SALESPILOT_AS_OWNER": "true"},
        check=True,
    )
    with psycopg.connect(urls["DATABASE_OWNER_URL"], autocommit=True) as admin:
        admin.execute(
            "CREATE VIEW acme.isolation_view WITH (security_invoker = true) AS "
            "SELECT product_name FROM globex.house_branding"
        )
    with psycopg.connect(admin_url, dbname=DATABASE, autocommit=True) as admin, django_db_blocker.unblock():
        admin.execute("ANALYZE globex.house_branding")
        yield admin


def matrix(options: dict[str, Any] | None = None, *, is_managed: bool = False) -> dict[str, Line]:
    return tried(DATABASE, services.app(SHARE), options, is_managed=is_managed)


def fill(text: str) -> sql.Composed:
    names = {
        "ours": role_name(DATABASE, "acme"),
        "theirs": role_name(DATABASE, "globex"),
        "all": role_name(DATABASE, ALL_BUSINESSES),
        "login": services.app(SHARE),
        "database": DATABASE,
    }
    return sql.SQL(text).format(**{name: sql.Identifier(value) for name, value in names.items()})


def test_a_sound_database_holds_no_surprise(superuser: psycopg.Connection[Any]) -> None:
    lines = matrix()
    assert surprises(lines) == {}
    assert len(lines) == len(ATTEMPTS), "two attempts have one name"


@pytest.mark.parametrize("guard", GUARDS, ids=[guard.name for guard in GUARDS])
def test_a_guard_that_is_gone_is_found(superuser: psycopg.Connection[Any], guard: Guard) -> None:
    try:
        if guard.take:
            superuser.execute(fill(guard.take))
        with guard.code():
            found = surprises(matrix(guard.options))
    finally:
        if guard.put:
            superuser.execute(fill(guard.put))
    assert set(guard.found_by) <= found.keys(), found


def test_every_attempt_is_there_because_of_a_guard() -> None:
    closed = {attempt.name for attempt in ATTEMPTS if attempt.expected is not Expected.OPEN}
    assert closed - {name for guard in GUARDS for name in guard.found_by} == OF_POSTGRES


def test_what_is_open_says_why(superuser: psycopg.Connection[Any]) -> None:
    is_open = {name: line for name, line in matrix().items() if line.expected is Expected.OPEN}
    assert {line.result for line in is_open.values()} == {Result.REACHED}
    assert all(len(line.detail.split()) > 5 for line in is_open.values())


def test_a_managed_server_may_lack_what_only_a_superuser_can_close(superuser: psycopg.Connection[Any]) -> None:
    wall = next(guard for guard in GUARDS if guard.name == "set_config is revoked")
    try:
        superuser.execute(fill(wall.take))
        line = matrix(is_managed=True)[wall.found_by[0]]
    finally:
        superuser.execute(fill(wall.put))
    assert (line.ok, line.is_weaker, line.result) == (True, True, Result.REACHED)


def check(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check_isolation", *arguments],
        cwd=services.ROOT,
        env={**os.environ, "COLUMNS": "160", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.mark.usefixtures("committed_db")
def test_the_command_makes_two_businesses_and_leaves_nothing_behind() -> None:
    left = (
        "SELECT (SELECT count(*) FROM pg_namespace), (SELECT count(*) FROM tenants_domain), "
        "(SELECT count(*) FROM pg_roles WHERE starts_with(rolname, current_database()))"
    )
    with owner.connect() as admin:
        before = admin.execute(left).fetchone()
        done = check("--json")
        assert done.returncode == 0, done.stdout + done.stderr
        assert admin.execute(left).fetchone() == before
    last = json.loads(done.stdout.splitlines()[-1])
    assert [attempt["name"] for attempt in last["attempts"]] == [attempt.name for attempt in ATTEMPTS]
    assert last["attempts"][0].keys() == {"name", "expected", "result", "ok"}
    assert "0 surprises" in done.stdout


@pytest.mark.usefixtures("committed_db")
def test_without_the_owner_the_command_takes_two_that_exist_and_ends_with_1_on_a_surprise() -> None:
    with owner.connect() as admin:
        role = sql.Identifier(role_name(services.database(services.worker()), "acme"))
        try:
            admin.execute(sql.SQL("GRANT UPDATE ON acme.audit_auditline TO {}").format(role))
            done = check("--json", DATABASE_OWNER_URL="")
        finally:
            admin.execute(sql.SQL("REVOKE UPDATE ON acme.audit_auditline FROM {}").format(role))
    assert done.returncode == 1, done.stderr
    attempts = {attempt["name"]: attempt for attempt in json.loads(done.stdout.splitlines()[-1])["attempts"]}
    assert attempts["audit log, UPDATE"] == {
        "name": "audit log, UPDATE",
        "expected": "refused",
        "result": "reached",
        "ok": False,
    }
    assert "SURPRISE" in done.stdout


@pytest.mark.usefixtures("committed_db")
def test_a_business_that_is_not_there_is_named() -> None:
    with public_scope(), pytest.raises(CommandError, match="There is no business nowhere"):
        call_command("check_isolation", businesses=["acme", "nowhere"])
    with public_scope(), pytest.raises(CommandError, match="two different"):
        call_command("check_isolation", businesses=["acme", "acme"])
