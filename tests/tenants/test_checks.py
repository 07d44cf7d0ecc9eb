"""Settings and databases that would mix businesses are refused."""

from __future__ import annotations

import copy
import os
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import redis
from django.conf import settings as live
from django.db import connections
from psycopg import sql

from salespilot.quickstart.processes import free_port
from tenants import checks
from tenants.checks import check_databases, check_redis, check_role, check_settings
from tenants.context import Business
from tenants.postgresql.roles import role_name
from tests import services
from tests.tenants.pooler import TransactionPooler

pytestmark = pytest.mark.processes

READ = ("DATABASES", "SESSION_COOKIE_DOMAIN", "CSRF_COOKIE_DOMAIN", "SESSION_ENGINE", "CACHES")


def ids(messages: list[Any]) -> list[str]:
    return [message.id for message in messages]


def test_our_own_settings_pass() -> None:
    assert check_settings(None) == []


@pytest.mark.parametrize(
    ("place", "value", "expected"),
    [
        (("ENGINE",), "django.db.backends.postgresql", "tenants.E001"),
        (("ENGINE",), "django_tenants.postgresql_backend", "tenants.E001"),
        (("CONN_MAX_AGE",), 60, "tenants.E002"),
        (("OPTIONS", "server_side_binding"), False, "tenants.E003"),
        (("OPTIONS", "prepare_threshold"), None, "tenants.E004"),
    ],
)
def test_a_database_setting_that_mixes_businesses_is_refused(
    monkeypatch: pytest.MonkeyPatch, place: tuple[str, ...], value: object, expected: str
) -> None:
    databases = copy.deepcopy(live.DATABASES)
    target = databases["default"]
    for name in place[:-1]:
        target = target[name]
    target[place[-1]] = value
    # Not the settings themselves: Django would take connections from them.
    monkeypatch.setattr(
        checks, "settings", SimpleNamespace(**{name: getattr(live, name) for name in READ} | {"DATABASES": databases})
    )
    assert ids(check_settings(None)) == [expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("SESSION_COOKIE_DOMAIN", ".example.com", "tenants.E005"),
        ("CSRF_COOKIE_DOMAIN", ".example.com", "tenants.E005"),
        ("SESSION_ENGINE", "django.contrib.sessions.backends.signed_cookies", "tenants.E006"),
        ("CACHES", {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}, "tenants.E007"),
    ],
)
def test_a_cookie_or_cache_shared_between_hosts_is_refused(
    settings: Any, name: str, value: object, expected: str
) -> None:
    setattr(settings, name, value)
    assert ids(check_settings(None)) == [expected]


def test_the_database_as_we_prepare_it_passes(committed_db: None) -> None:
    assert check_databases(None, databases=["default"]) == []


def plain(url: str) -> psycopg.Connection[Any]:
    return psycopg.connect(url, autocommit=True)


def test_the_owner_and_a_superuser_are_no_application(committed_db: None) -> None:
    with plain(os.environ["DATABASE_OWNER_URL"]) as owner, plain(os.environ[services.ADMIN_URL]) as superuser:
        assert {"tenants.E010", "tenants.E012", "tenants.E013"} <= set(ids(check_role(owner)))
        assert "tenants.E010" in ids(check_role(superuser))


def test_a_login_role_that_inherits_a_business_is_refused(acme: Business, committed_db: None) -> None:
    share = services.worker()
    role, login = role_name(services.database(share), acme.schema_name), services.app(share)
    with plain(os.environ["DATABASE_OWNER_URL"]) as owner:
        grant = sql.SQL("GRANT {} TO {} WITH INHERIT {}")
        names = (sql.Identifier(role), sql.Identifier(login))
        try:
            owner.execute(grant.format(*names, sql.SQL("TRUE")))
            found = ids(check_databases(None, databases=["default"]))
        finally:
            owner.execute(grant.format(*names, sql.SQL("FALSE")))
    assert found == ["tenants.E011"]


@pytest.mark.parametrize(
    ("opened", "closed"),
    [
        (
            "GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC",
            "REVOKE EXECUTE ON FUNCTION set_config(text, text, boolean) FROM PUBLIC",
        ),
        ("GRANT USAGE ON LANGUAGE plpgsql TO PUBLIC", "REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC"),
    ],
)
def test_a_wall_that_only_a_superuser_can_build_is_missed_in_one_line(
    committed_db: None, opened: str, closed: str
) -> None:
    url = os.environ[services.ADMIN_URL]
    with psycopg.connect(url, dbname=services.database(services.worker()), autocommit=True) as superuser:
        try:
            superuser.execute(opened)
            found = check_databases(None, databases=["default"])
        finally:
            superuser.execute(closed)
    assert ids(found) == ["tenants.W010"]
    assert "\n" not in found[0].msg


@pytest.mark.parametrize("size", [1, 2])
@pytest.mark.parametrize("is_in_turns", [False, True], ids=["the last one first", "in turns"])
def test_a_pooler_in_transaction_mode_is_refused(
    committed_db: None, monkeypatch: pytest.MonkeyPatch, size: int, is_in_turns: bool
) -> None:
    with TransactionPooler(os.environ["DATABASE_URL"], size=size, is_in_turns=is_in_turns) as pooler:
        monkeypatch.setitem(connections.settings["default"], "HOST", pooler.host)
        monkeypatch.setitem(connections.settings["default"], "PORT", str(pooler.port))
        assert ids(check_databases(None, databases=["default"])) == ["tenants.E020"]


def test_the_pooler_of_these_tests_does_mix_its_clients(committed_db: None) -> None:
    with TransactionPooler(os.environ["DATABASE_URL"], size=1, is_in_turns=False) as pooler:
        address = f"host={pooler.host} port={pooler.port}"
        with (
            psycopg.connect(address, autocommit=True, prepare_threshold=None) as one,
            psycopg.connect(address, autocommit=True, prepare_threshold=None) as other,
        ):
            one.execute("SET search_path TO acme")
            assert other.execute("SHOW search_path").fetchone() == ("acme",)


def test_a_database_that_is_away_is_a_warning_and_no_reason_to_stay_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings["default"], "PORT", str(free_port()))
    assert ids(check_databases(None, databases=["default"])) == ["tenants.W001"]


def test_a_redis_that_forgets_is_warned_of() -> None:
    url = os.environ["REDIS_URL"]
    assert check_redis(url) == []
    with redis.Redis.from_url(url) as client:
        try:
            client.config_set("maxmemory-policy", "allkeys-lru")
            assert ids(check_redis(url)) == ["tenants.W020"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")
    assert ids(check_redis(f"redis://127.0.0.1:{free_port()}/0")) == ["tenants.W021"]
