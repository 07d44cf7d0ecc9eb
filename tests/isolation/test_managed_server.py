"""A server that gives nobody a superuser: prepared by a role that may make roles and databases, and no more."""

from __future__ import annotations

import os
import subprocess
import sys

import psycopg
import pytest
from pytest_django.plugin import DjangoDbBlocker

from tenants.postgresql.roles import prepare_database
from tests import services
from tests.isolation.matrix import surprises, tried

pytestmark = pytest.mark.processes

SHARE = f"{services.worker()}_managed"
ADMIN = f"salespilot_{SHARE}_admin"
WEAKER = {"set_config of the role in an expression", "DO block", "large object", "advisory lock"}


@pytest.fixture(scope="module")
def environment() -> dict[str, str]:
    superuser_url = os.environ[services.ADMIN_URL]
    address = superuser_url.rpartition("@")[2].partition("/")[0]
    with psycopg.connect(superuser_url, autocommit=True) as superuser:
        superuser.execute(f"CREATE ROLE {ADMIN} LOGIN CREATEROLE CREATEDB PASSWORD '{services.PASSWORD}'")
    for _ in range(2):  # a second time must work as the first
        prepare_database(
            f"postgresql://{ADMIN}:{services.PASSWORD}@{address}/postgres",
            database=services.database(SHARE),
            owner=services.owner(SHARE),
            owner_password=services.PASSWORD,
            app=services.app(SHARE),
            app_password=services.PASSWORD,
        )
    login = f"{services.PASSWORD}@{address}/{services.database(SHARE)}"
    urls = {
        "DATABASE_OWNER_URL": f"postgresql://{services.owner(SHARE)}:{login}",
        "DATABASE_URL": f"postgresql://{services.app(SHARE)}:{login}",
    }
    variables = {**os.environ, **urls}
    run(variables, "-m", "tests.owner", owner=True).check_returncode()
    return variables


def run(variables: dict[str, str], *arguments: str, owner: bool = False) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=services.ROOT,
        env={**variables, "SALESPILOT_AS_OWNER": str(owner).lower()},
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


def test_what_is_weaker_there_is_found_and_accepted_only_on_request(
    environment: dict[str, str], django_db_blocker: DjangoDbBlocker
) -> None:
    with django_db_blocker.unblock():
        strict, accepted = (
            tried(services.database(SHARE), services.app(SHARE), is_managed=is_managed) for is_managed in (False, True)
        )
    assert surprises(strict).keys() == WEAKER
    assert surprises(accepted) == {}
    assert {name for name, line in accepted.items() if line.is_weaker} == WEAKER


def test_the_start_says_in_one_line_what_is_weaker(environment: dict[str, str]) -> None:
    started = run(environment, "-c", "import salespilot.asgi")
    lines = [line for line in started.stderr.splitlines() if "tenants." in line]
    assert started.returncode == 0, started.stderr
    assert len(lines) == 1
    assert "tenants.W010" in lines[0]
    assert "set_config" in lines[0]
    assert "plpgsql" in lines[0]
