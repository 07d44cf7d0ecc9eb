"""Settings and databases that would mix businesses are refused."""

from __future__ import annotations

import copy
import os
from types import SimpleNamespace
from typing import Any, Self

import psycopg
import pytest
from django.conf import settings as live
from django.db import connection

from tenants import checks
from tenants.checks import check_databases, check_pooler, check_role, check_settings
from tenants.context import public_scope
from tests import services

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


class Raw:
    """A plain connection in the shape that the checks use."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(url, autocommit=True)

    def cursor(self) -> psycopg.Cursor[Any]:
        return self._connection.cursor()


def test_the_owner_and_a_superuser_are_no_application(committed_db: None) -> None:
    owner = ids(check_role(Raw(os.environ["DATABASE_OWNER_URL"])))
    superuser = ids(check_role(Raw(os.environ[services.ADMIN_URL])))
    assert {"tenants.E010", "tenants.E011", "tenants.E012", "tenants.E013"} <= set(owner)
    assert "tenants.E010" in superuser


class TransactionPooler:
    """What a pooler in transaction mode does: each statement may meet another server process."""

    def __init__(self) -> None:
        self._turn = 0
        self._servers = [psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) for _ in range(2)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def cursor(self) -> TransactionPooler:
        return self

    def execute(self, statement: str) -> None:
        self._turn += 1
        self._row = self._servers[self._turn % 2].execute(statement).fetchone()

    def fetchone(self) -> Any:
        return self._row


def test_a_pooler_in_transaction_mode_is_refused(committed_db: None) -> None:
    assert ids(check_pooler(TransactionPooler())) == ["tenants.E020"]
    with public_scope():
        assert check_pooler(connection) == []
