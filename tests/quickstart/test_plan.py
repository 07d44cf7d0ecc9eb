"""What `make run` decides from the environment before it starts anything."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from salespilot.quickstart import fingerprint
from salespilot.quickstart.errors import QuickstartError
from salespilot.quickstart.plan import choose_port, read_plan

NAMES = ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "PORT", "BIND", "WEB_SERVER", "DEMO")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SALESPILOT_VAR", str(tmp_path))


def test_without_addresses_both_stores_are_embedded() -> None:
    plan = read_plan()

    assert plan.is_postgres_embedded
    assert plan.is_valkey_embedded
    assert (plan.port, plan.bind, plan.web_server, plan.has_demo) == (8000, "127.0.0.1", "daphne", True)


def test_with_a_database_only_redis_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db/x")
    monkeypatch.setenv("DATABASE_OWNER_URL", "postgresql://owner@db/x")

    plan = read_plan()

    assert (plan.is_postgres_embedded, plan.is_valkey_embedded) == (False, True)


def test_with_a_redis_only_postgres_is_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://somewhere/0")

    plan = read_plan()

    assert (plan.is_postgres_embedded, plan.is_valkey_embedded) == (True, False)


@pytest.mark.parametrize(
    ("given", "missing"), [("DATABASE_URL", "DATABASE_OWNER_URL"), ("DATABASE_OWNER_URL", "DATABASE_URL")]
)
def test_half_a_database_is_refused_and_the_other_half_named(
    monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(given, "postgresql://secret-user@db/x")

    with pytest.raises(QuickstartError, match=f"^{missing} is missing") as refused:
        read_plan()

    assert "secret-user" not in str(refused.value)


def test_an_odd_web_server_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_SERVER", "apache")

    with pytest.raises(ImproperlyConfigured, match="daphne, uvicorn"):
        read_plan()


def test_a_free_port_is_taken_as_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    monkeypatch.setenv("PORT", str(free))

    assert choose_port(read_plan()) == free


def test_a_taken_port_is_replaced_by_one_of_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setenv("PORT", str(taken))

        chosen = choose_port(read_plan())

    assert chosen != taken


def test_the_database_is_looked_at_again_when_the_demo_is_wished_for(tmp_path: Path) -> None:
    fingerprint.write(tmp_path, fingerprint.of_code(has_demo=False))

    assert fingerprint.read(tmp_path) == fingerprint.of_code(has_demo=False)
    assert fingerprint.read(tmp_path) != fingerprint.of_code(has_demo=True)
    assert fingerprint.read(tmp_path / "elsewhere") == ""
