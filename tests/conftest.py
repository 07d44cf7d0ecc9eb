"""Two businesses, their members, and two ways to use the database. Tests run as the application's role."""

from __future__ import annotations

import asyncio
import os
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

from tests import owner, services
from tests.services import pytest_sessionstart

__all__ = ["pytest_sessionstart"]

services.start()

import django  # noqa: E402

django.setup()

import pytest  # noqa: E402
from asgiref.sync import SyncToAsync  # noqa: E402
from django.contrib.auth.hashers import PBKDF2PasswordHasher, make_password  # noqa: E402
from django.core.cache import cache  # noqa: E402
from django.db import connections, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.client import ClientHandler  # noqa: E402
from pytest_django.plugin import DjangoDbBlocker  # noqa: E402
from whitenoise.middleware import WhiteNoiseMiddleware  # noqa: E402

from tenants.context import PUBLIC, Business, business_scope, public_scope  # noqa: E402
from tenants.members.models import Member, Role, Team  # noqa: E402
from tenants.selectors import each_business, hosts  # noqa: E402

PASSWORD = "a-password-for-tests"
# A guess must cost an attacker a third of a second, a test that signs in nothing.
PBKDF2PasswordHasher.iterations = 1_000

# Folders whose tests take longest.
LONGEST = {"e2e", "soak", "quickstart", "speech"}

MakeMember = Callable[..., Member]
ClientFor = Callable[..., Client]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take longest come first, so that in the end no worker waits for another's."""
    items.sort(key=lambda item: item.path.parent.name not in LONGEST)


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """pytest-django makes no test database: `businesses` has one, made by the owner as in production."""


@pytest.fixture(scope="session")
def businesses(django_db_blocker: DjangoDbBlocker) -> dict[str, Business]:
    """`acme` and `globex` on acme.localhost and globex.localhost, with all tables; made once per run."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.owner"],
        cwd=services.ROOT,
        env={**os.environ, "SALESPILOT_AS_OWNER": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr[-4000:]
    with django_db_blocker.unblock():
        found = {business.schema_name: business for business in each_business()}
        connections.close_all()
    return found


@pytest.fixture
def acme(businesses: dict[str, Business]) -> Business:
    return businesses["acme"]


@pytest.fixture
def globex(businesses: dict[str, Business]) -> Business:
    """The stranger's business: nothing of acme may be seen from here."""
    return businesses["globex"]


@pytest.fixture(scope="session")
def _swept(businesses: dict[str, Business]) -> owner.Swept:
    return owner.remember()


@pytest.fixture
def committed_db(_swept: owner.Swept, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For tests with threads, the event loop or servers: rows are really committed, the owner removes them after.

    There is no current business: enter `business_scope`, as the code under test must.
    """
    with django_db_blocker.unblock():
        _clear_cache()
        yield
        forget_calls()
        connections.close_all()
        # Plain `sync_to_async` runs in one thread that outlives the test, and so does its connection.
        SyncToAsync.single_thread_executor.submit(connections.close_all).result()
        _refill_pool()
        owner.sweep(_swept)
        _clear_cache()


@pytest.fixture
def rolled_back(acme: Business, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """For quick synchronous tests: inside acme and inside a transaction that is rolled back. One thread only."""
    with django_db_blocker.unblock(), business_scope(acme), transaction.atomic():
        _clear_cache()
        yield
        transaction.set_rollback(True)
    hosts.forget()


@pytest.fixture(scope="session")
def _password_hash() -> str:
    return make_password(PASSWORD)


@pytest.fixture
def member(acme: Business, _password_hash: str) -> MakeMember:
    """`member("rep")`, `member("rep", "manager")`, `member("admin", business=globex)`: a saved member with `PASSWORD`.

    All are in their business's one team, which its managers lead; `is_in_team=False` leaves somebody out.
    Needs a database fixture.
    """

    def make(
        *roles: str, business: Business | None = None, name: str = "", email: str = "", is_in_team: bool = True
    ) -> Member:
        unique = secrets.token_hex(4)
        held = [str(role) for role in roles] or [Role.REP.value]
        person = Member(
            email=email or f"{held[0]}-{unique}@example.com",
            name=name or f"{held[0].capitalize()} {unique}",
            roles=held,
            password=_password_hash,
        )
        home = business or acme
        with business_scope(home):
            person.save()
            if is_in_team:
                join_team(person)
        person.business = home  # type: ignore[attr-defined]
        return person

    return make


@pytest.fixture
def client_for(acme: Business) -> ClientFor:
    """`client_for(member)`: a signed-in client on the host of the member's business; `client_for(None)`: anonymous."""

    def make(who: Member | None = None, *, business: Business | None = None) -> Client:
        home: Business = business or getattr(who, "business", None) or acme
        client = Client(SERVER_NAME="localhost" if home.is_public else f"{home.schema_name}.localhost")
        if who is not None:
            with business_scope(home):
                client.force_login(who)
        return client

    return make


@pytest.fixture
def operator(_password_hash: str) -> Callable[[], Member]:
    """`operator()`: a member of the public schema, who signs in on the public host. Needs a database fixture."""

    def make() -> Member:
        unique = secrets.token_hex(4)
        with public_scope():
            person = Member.objects.create(
                email=f"operator-{unique}@example.com", name="Operator", roles=[Role.OPERATOR], password=_password_hash
            )
        person.business = PUBLIC  # type: ignore[attr-defined]
        return person

    return make


def join_team(person: Member) -> None:
    """Into the team of everybody, as its manager if that is the role. Within the current business."""
    team, _ = Team.objects.get_or_create(name="Everybody")
    team.members.add(person)
    if person.has_role(Role.MANAGER):
        team.leaders.add(person)


@pytest.fixture(scope="session", autouse=True)
def _requests_end() -> Iterator[None]:
    """Django's client ends the event loop of each request, and waits for all that runs there to be cancelled. A client
    of Redis that waits for messages may swallow that: our own code asks again (`calls.live.tasks`), the loop does not.
    """
    from calls.live.bus import Bus

    async def hears_nothing(bus: Bus) -> None:
        await asyncio.Event().wait()

    def call(handler: ClientHandler, environ: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Bus, "_receive_all", hears_nothing)
            return ask(handler, environ)

    ask = ClientHandler.__call__
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ClientHandler, "__call__", call)
        yield


@pytest.fixture(scope="session", autouse=True)
def _files_are_listed_once() -> Iterator[None]:
    """Each client of a test starts the middleware anew: without this, half of a request would be a search for files."""
    listed: dict[str, Any] = {}

    def listed_before(middleware: WhiteNoiseMiddleware) -> None:
        if not listed:
            search(middleware)
            listed.update(middleware.files)
        middleware.files.update(listed)

    search = WhiteNoiseMiddleware.add_files_from_finders
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", listed_before)
        yield


def forget_calls() -> None:
    """What a request has started for a call belongs to its event loop. Django's client runs each on a loop of its own
    that ends with the answer; the next one would find parts that never move again.
    """
    from calls.live.registry import Registry, registry

    vars(registry).update(vars(Registry()))


def _refill_pool() -> None:
    """A thread that ended with its event loop took its connection along: the next test gets a whole pool."""
    connection: Any = connections["default"]
    held = connection.pool.get_stats()
    if held["pool_available"] < held["pool_size"]:
        connection.close_pool()


def _clear_cache() -> None:
    hosts.forget()
    with public_scope():
        cache.clear()
