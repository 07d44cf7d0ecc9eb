"""A Postgres of one's own gets roles and database from three addresses."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from salespilot.quickstart import prepare
from tests import services


@pytest.fixture
def name() -> Iterator[str]:
    made = f"prepared_{secrets.token_hex(4)}"
    yield made
    with psycopg.connect(os.environ[services.ADMIN_URL], autocommit=True) as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(made)))
        for role in (f"{made}_app", f"{made}_owner"):
            admin.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(role)))


@pytest.fixture
def addresses(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    server = os.environ[services.ADMIN_URL].rpartition("@")[2].partition("/")[0]
    made = {
        "DATABASE_ADMIN_URL": os.environ[services.ADMIN_URL],
        "DATABASE_URL": f"postgresql://{name}_app:p%40ss@{server}/{name}",
        "DATABASE_OWNER_URL": f"postgresql://{name}_owner:w%2Frd@{server}/{name}",
    }
    for key, value in made.items():
        monkeypatch.setenv(key, value)
    return made


def test_both_roles_can_sign_in_afterwards_and_only_the_owner_makes_tables(
    addresses: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare.main() == 0
    assert prepare.main() == 0, "it may be run again"

    with psycopg.connect(addresses["DATABASE_OWNER_URL"]) as owner:
        owner.execute("CREATE SCHEMA try_it")
    with psycopg.connect(addresses["DATABASE_URL"]) as app, pytest.raises(psycopg.errors.InsufficientPrivilege):
        app.execute("CREATE SCHEMA try_that")
    assert "ready" in capsys.readouterr().out


@pytest.mark.parametrize("missing", ["DATABASE_ADMIN_URL", "DATABASE_URL", "DATABASE_OWNER_URL"])
def test_a_missing_address_is_asked_for_without_showing_the_others(
    addresses: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(missing)

    assert prepare.main() == 1

    shown = capsys.readouterr().out
    assert "Set DATABASE_ADMIN_URL" in shown
    assert "p%40ss" not in shown


def test_one_role_for_both_is_refused(
    addresses: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_OWNER_URL", addresses["DATABASE_URL"])

    assert prepare.main() == 1
    assert "two different roles" in capsys.readouterr().out
