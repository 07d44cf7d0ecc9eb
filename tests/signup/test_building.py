"""The builder: one business for each request, whatever happens to it on the way."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.test import Client
from django.utils import timezone

from salespilot.quickstart.processes import free_port, wait_until
from tenants.context import Business, business_scope, public_scope
from tenants.house.models import Branding, Policy
from tenants.members.models import Member
from tenants.models import Domain, Tenant
from tenants.selectors import business_by_schema, business_of
from tenants.signin.models import Invitation
from tenants.signup import building, links
from tenants.signup.models import BusinessRequest, Problem, State
from tests import owner, services
from tests.signup.conftest import Build, again, request

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("tidy")]

SMTP = "django.core.mail.backends.smtp.EmailBackend"
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def mails(tmp_path: Path) -> Path:
    return tmp_path / "mail"


@pytest.fixture
def start(tidy: None, mails: Path) -> Iterator[Start]:
    """`start()`: a builder that watches, as its own process; killed at the end whatever it does."""
    started: list[subprocess.Popen[str]] = []

    def run(**environment: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "manage.py", "build_businesses", "--watch"],
            cwd=services.ROOT,
            env={**os.environ, "MAIL_URL": f"file://{mails}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(child)
        return child

    yield run
    for child in started:
        child.kill()
        child.communicate()


def to_folder(mails: Path) -> dict[str, object]:
    return {"EMAIL_BACKEND": "tenants.mail_folder.FolderBackend", "EMAIL_FILE_PATH": str(mails)}


def is_in(row: BusinessRequest, *states: State) -> Callable[[], bool]:
    def look() -> bool:
        connections.close_all()
        return again(row).state in states

    return look


def to_the_end(row: BusinessRequest) -> BusinessRequest:
    assert wait_until(is_in(row, State.READY, State.FAILED, State.REFUSED), seconds=60, every=0.1)
    return again(row)


def is_invited(row: BusinessRequest) -> bool:
    connections.close_all()
    return again(row).invited_at is not None


def admins_of(row: BusinessRequest) -> list[str]:
    assert row.tenant
    with business_scope(business_of(row.tenant)):
        return list(Member.objects.values_list("email", flat=True))


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait(10)


def test_a_confirmed_request_becomes_a_business_with_an_invited_admin(build: Build, mails: Path) -> None:
    row = request(name="Initech & Söhne", slug="initech-gmbh", place="DE", trade="software")
    assert build(**to_folder(mails)) == 1
    row = again(row)
    assert (row.state, row.schema_name, row.problem) == (State.READY, "initech_gmbh", "")
    assert row.tenant
    assert (row.tenant.name, row.tenant.trade, row.tenant.schema_name) == (
        "Initech & Söhne",
        "software",
        "initech_gmbh",
    )
    with business_scope(business_of(row.tenant)):
        assert Branding.objects.get().product_name == "Initech & Söhne"
        assert Policy.objects.get().home_place == "DE"
        assert Member.objects.get().roles == ["admin"]
        assert Invitation.objects.get().sent_at is not None
    (mail,) = mails.glob("*.eml")
    assert "http://initech-gmbh.localhost/" in mail.read_text()
    assert Client(SERVER_NAME="initech-gmbh.localhost").get("/sign-in/").status_code == 200
    assert build() == 0


def test_only_what_is_confirmed_is_built(build: Build) -> None:
    for state in (State.REQUESTED, State.WAITING, State.FAILED, State.REFUSED):
        request(slug=f"x-{state}", state=state)
    assert build() == 0
    with public_scope():
        assert set(Tenant.objects.values_list("schema_name", flat=True)) == set(owner.BUSINESSES)


@contextmanager
def nobody_writes(table: str) -> Iterator[None]:
    """Whoever writes into `table` waits, for as long as this lasts."""
    with owner.connect() as admin, admin.transaction():
        admin.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield


def waits_for(table: str) -> bool:
    with owner.connect() as admin:
        found = admin.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = to_regclass(%s)", [f"public.{table}"]
        ).fetchone()
    return bool(found and found[0])


def test_killed_in_the_middle_it_goes_on_when_it_is_started_again(start: Start, mails: Path) -> None:
    """The business's row is written and its schema is not: nothing of it may be left, and nothing may be missing."""
    row = request()
    with nobody_writes("tenants_domain"):
        child = start()
        assert wait_until(lambda: waits_for("tenants_domain"), seconds=60)
        kill(child)
    assert again(row).state == State.BUILDING
    with public_scope():
        assert not Tenant.objects.filter(schema_name="initech").exists()
    start()
    done = to_the_end(row)
    assert (done.state, done.attempts) == (State.READY, 2)
    assert admins_of(done) == ["ada@initech.example"]
    assert wait_until(lambda: is_invited(row), seconds=30)
    assert len(list(mails.glob("*.eml"))) == 1


def test_killed_after_the_commit_and_before_the_mail_it_still_invites(start: Start, mails: Path) -> None:
    """A mail server that takes the connection and says nothing holds the builder between the two."""
    row = request()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        child = start(MAIL_URL=f"smtp://127.0.0.1:{silent.getsockname()[1]}?tls=none")
        silent.settimeout(60)
        with silent.accept()[0]:
            kill(child)
    assert again(row).state == State.BUILDING
    assert again(row).tenant is not None
    start()
    assert to_the_end(row).state == State.READY
    assert wait_until(lambda: is_invited(row), seconds=30)
    (mail,) = mails.glob("*.eml")
    assert "ada@initech.example" in mail.read_text()
    with business_scope(business_by_schema("initech")):
        assert Invitation.objects.filter(revoked_at=None).count() == 1


def test_two_builders_make_one_business_of_each_request(start: Start, mails: Path) -> None:
    rows = [request(slug=f"initech-{letter}", admin_email=f"{letter}@initech.example") for letter in "abc"]
    start(), start()
    for row in rows:
        done = to_the_end(row)
        assert (done.state, done.attempts) == (State.READY, 1)
        assert wait_until(lambda row=row: is_invited(row), seconds=30)  # type: ignore[misc]
    assert len(list(mails.glob("*.eml"))) == 3


def test_it_ends_when_it_is_asked_to_and_builds_at_once_while_it_runs(start: Start) -> None:
    child = start()
    row = request()
    assert to_the_end(row).state == State.READY
    child.send_signal(signal.SIGTERM)
    assert child.wait(30) == 0


def test_an_address_that_was_taken_meanwhile_is_asked_for_again(build: Build, globex: Business, settings: Any) -> None:
    settings.SIGN_UP = "open"
    row = request()
    with public_scope():
        Domain.objects.create(
            tenant_id=globex.id, domain="initech.localhost", is_primary=False, verified_at=timezone.now()
        )
    try:
        build()
        row = again(row)
        assert (row.state, row.problem_code) == (State.FAILED, Problem.TAKEN)
        assert "another business" in row.problem
        with public_scope():
            assert not Tenant.objects.filter(schema_name="initech").exists()
        visitor, link = Client(SERVER_NAME="localhost"), f"/signup/{links.key_of(row)}/"
        assert "Choose another address" in visitor.get(link).content.decode()
        assert visitor.post(link, {"slug": "initech"}).status_code == 422
        assert visitor.post(link, {"slug": "initech-two"}).status_code == 302
        build()
        assert again(row).state == State.READY
        assert "is ready" in visitor.get(link).content.decode()
    finally:
        with public_scope():
            Domain.objects.filter(domain="initech.localhost").delete()


def test_a_business_that_is_there_is_never_taken_for_the_new_one(build: Build, acme: Business) -> None:
    """Its short name is taken, and even a row that claims to be it gets another: acme keeps its people."""
    row = request(slug="acme", schema_name="acme")
    build(BUSINESS_DOMAIN="businesses.test")
    build(BUSINESS_DOMAIN="businesses.test")
    row = again(row)
    assert (row.state, row.schema_name) == (State.READY, "acme_2")
    with business_scope(acme):
        assert not Member.objects.filter(email="ada@initech.example").exists()
    with public_scope():
        assert Domain.objects.filter(tenant_id=acme.id).count() == 1


def test_a_schema_without_a_business_is_not_moved_into(build: Build) -> None:
    """Somebody's data, half erased or half restored."""
    with owner.connect() as admin:
        admin.execute("CREATE SCHEMA initech")
    try:
        row = request()
        build()
        assert again(row).schema_name == "initech_2"
    finally:
        with owner.connect() as admin:
            admin.execute("DROP SCHEMA initech")


@pytest.fixture
def no_index_can_be_made() -> Iterator[Callable[[], None]]:
    """Postgres itself refuses, in the middle of the tables; call it to mend that."""
    admin = psycopg.connect(
        os.environ[services.ADMIN_URL], dbname=services.database(services.worker()), autocommit=True
    )
    admin.execute(
        "CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no room'; END $$"
    )
    admin.execute(
        "CREATE EVENT TRIGGER refuse ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.refuse()"
    )

    def mend() -> None:
        admin.execute("DROP EVENT TRIGGER IF EXISTS refuse")
        admin.execute("DROP FUNCTION IF EXISTS public.refuse()")

    yield mend
    mend()
    admin.close()


def test_what_breaks_is_tried_again_then_given_to_the_operator_and_works_once_mended(
    build: Build, no_index_can_be_made: Callable[[], None], operator: Any, client_for: Any, monkeypatch: Any
) -> None:
    row = request(attempts=building.MOST_ATTEMPTS - 2)
    build()
    row = again(row)
    assert row.state == State.CONFIRMED
    assert row.try_after is not None
    assert build() == 0, "it waits before the next attempt"
    with public_scope():
        BusinessRequest.objects.update(try_after=None)
    build()
    row = again(row)
    assert (row.state, row.problem_code) == (State.FAILED, Problem.BROKEN)
    client = client_for(operator())
    page = f"/admin/signup/businessrequest/{row.pk}/change/"
    assert "Building broke off again and again" in client.get(page).content.decode()

    no_index_can_be_made()
    client.post(page.replace("change", "step"), {"step": "again"})
    build()
    assert again(row).state == State.READY


def test_one_that_kills_the_builder_each_time_is_given_up(build: Build) -> None:
    row = request(state=State.BUILDING, attempts=building.MOST_ATTEMPTS)
    build()
    assert again(row).problem_code == Problem.BROKEN


def test_a_row_that_can_not_be_built_fails_in_words_and_holds_up_nobody(build: Build) -> None:
    odd, good = request(slug="odd", place="Atlantis"), request(slug="good")
    build()
    assert (again(odd).state, again(odd).problem_code) == (State.FAILED, Problem.REFUSED)
    assert "There is no consent rule for Atlantis" in again(odd).problem
    assert again(good).state == State.READY


def test_a_mail_server_that_is_away_holds_up_the_invitation_only(build: Build, mails: Path) -> None:
    row = request()
    build(EMAIL_BACKEND=SMTP, EMAIL_HOST="127.0.0.1", EMAIL_PORT=free_port())
    row = again(row)
    assert (row.state, row.invited_at) == (State.READY, None)
    with public_scope():
        BusinessRequest.objects.update(try_after=None)
    build(**to_folder(mails))
    assert is_invited(row)
    assert len(list(mails.glob("*.eml"))) == 1


def test_the_application_builds_nothing() -> None:
    row = request()
    with pytest.raises(CommandError, match="made by the owner"):
        call_command("build_businesses")
    assert again(row).state == State.CONFIRMED
