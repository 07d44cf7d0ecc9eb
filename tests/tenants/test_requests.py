"""The business of a request, in threads and on the event loop, and who may open what."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import psycopg
import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.utils import timezone
from psycopg import sql
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.exceptions import PermissionDenied as ScopeRefused
from rest_framework.request import Request

from tenants.context import Business, NoBusiness, business_scope, current, require_tenant
from tenants.http import BusinessMiddleware
from tenants.members.access import can_watch, has_role, require_role
from tenants.members.authentication import ApiKeyAuthentication
from tenants.members.models import ApiKey, Member
from tenants.members.refs import MemberRef
from tenants.models import Domain
from tenants.selectors import HOSTS_KEPT, hosts
from tenants.sockets import Credential, still_allowed
from tests import owner, services
from tests.conftest import MakeMember

pytestmark = pytest.mark.usefixtures("committed_db")


def seen_by_a_view(host: str, path: str = "/") -> Business | None:
    """The business in whose scope a synchronous view runs."""
    seen: list[Business | None] = []

    def view(request: HttpRequest) -> HttpResponse:
        seen.append(current())
        return HttpResponse()

    BusinessMiddleware(view)(request_to(host, path))
    return seen[0]


AsyncView = Callable[[HttpRequest], Awaitable[HttpResponse]]


def request_to(host: str, path: str = "/", **headers: str) -> HttpRequest:
    return RequestFactory().get(path, HTTP_HOST=host, headers=headers)


async def answer(view: AsyncView, host: str) -> str:
    response: Any = BusinessMiddleware(view)(request_to(host))
    return str((await response).content.decode())


async def test_async_views_of_two_businesses_read_and_cache_their_own(
    acme: Business, globex: Business, people: None
) -> None:
    turn = asyncio.Barrier(2)

    async def view(request: HttpRequest) -> HttpResponse:
        business = require_tenant()
        await turn.wait()
        found = [person.name async for person in Member.objects.all()]
        await cache.aset("seen", business.schema_name)
        await turn.wait()
        assert request.business == business  # type: ignore[attr-defined]
        return HttpResponse(f"{await cache.aget('seen')} {found}")

    for _ in range(5):
        both = await asyncio.gather(answer(view, "acme.localhost"), answer(view, "globex.localhost"))
        assert list(both) == ["acme ['Ada']", "globex ['Grace']"]
    assert current() is None


@pytest.fixture
def people(member: MakeMember, globex: Business) -> None:
    member("rep", name="Ada")
    member("rep", business=globex, name="Grace")


async def test_the_scope_ends_with_the_request_even_when_the_view_fails(businesses: dict[str, Business]) -> None:
    async def view(request: HttpRequest) -> HttpResponse:
        raise LookupError

    with pytest.raises(LookupError):
        await answer(view, "acme.localhost")
    assert current() is None


def test_a_synchronous_view_is_in_its_business_too(acme: Business) -> None:
    assert seen_by_a_view("acme.localhost") == acme
    assert current() is None


def test_nothing_runs_for_an_unknown_host() -> None:
    def view(request: HttpRequest) -> HttpResponse:
        raise AssertionError

    assert BusinessMiddleware(view)(request_to("nobody.localhost")).status_code == 404  # type: ignore[union-attr]


def test_probes_are_answered_by_address_and_see_no_business() -> None:
    seen = seen_by_a_view("10.0.0.7", "/healthz")
    assert seen is not None
    assert seen.is_public


def test_a_new_host_is_known_at_once_and_a_removed_one_is_forgotten(acme: Business) -> None:
    from tenants.context import public_scope

    assert hosts.find("new.localhost") is None
    with public_scope():
        row = Domain(domain="new.localhost", tenant_id=acme.id, is_primary=False, verified_at=timezone.now())
        row.save()
    try:
        found = hosts.find("new.localhost")
        assert found
        assert found.business == acme
    finally:
        with public_scope():
            row.delete()
    assert hosts.find("new.localhost") is None


def test_the_directory_keeps_a_bounded_number_of_hosts(acme: Business) -> None:
    with owner.connect() as admin:
        admin.execute(
            "INSERT INTO tenants_domain (domain, tenant_id, is_primary, verified_at) "
            "SELECT 'h' || n || '.many.localhost', %s, false, now() FROM generate_series(1, %s) n",
            [acme.id, HOSTS_KEPT + 20],
        )
    try:
        for number in range(1, HOSTS_KEPT + 21):
            assert hosts.find(f"h{number}.many.localhost")
        assert len(hosts._known) == HOSTS_KEPT
    finally:
        with owner.connect() as admin:
            admin.execute("DELETE FROM tenants_domain WHERE domain LIKE '%.many.localhost'")


@pytest.mark.parametrize(("role", "may"), [("rep", False), ("billing", False), ("manager", True), ("admin", True)])
def test_managers_and_admins_watch(role: str, may: bool) -> None:
    assert can_watch([role]) is may


def test_a_page_asks_for_a_role(member: MakeMember) -> None:
    page = require_role("manager", "admin")(lambda request: HttpResponse("secret"))
    request = request_to("acme.localhost", "/live/")
    request.user = AnonymousUser()
    assert page(request)["Location"] == "/sign-in/?next=/live/"
    request.user = member("rep")
    with pytest.raises(PermissionDenied):
        page(request)
    request.user = member("manager")
    assert page(request).status_code == 200


def test_the_api_asks_for_a_role(member: MakeMember) -> None:
    allowed = has_role("billing")()
    request = Request(request_to("acme.localhost"))
    for role, may in (("billing", True), ("rep", False)):
        request.user = member(role)
        assert allowed.has_permission(request, None) is may  # type: ignore[arg-type]


def test_a_key_speaks_for_its_member_in_its_business_only(acme: Business, globex: Business, member: MakeMember) -> None:
    ada = member("rep")
    with business_scope(acme):
        row, secret = ApiKey.issue(member=ada, name="crm", scopes=["calls:read"])
    request = Request(asking_for("calls:read", Authorization=f"Bearer {secret}"))
    with business_scope(acme):
        assert ApiKeyAuthentication().authenticate(request) == (ada, row)
    with business_scope(globex), pytest.raises(AuthenticationFailed):
        ApiKeyAuthentication().authenticate(request)
    with pytest.raises(NoBusiness):
        ApiKeyAuthentication().authenticate(request)


def asking_for(scope: str | None, **headers: str) -> HttpRequest:
    """A request whose operation declares `scope`."""
    request = request_to("acme.localhost", **headers)
    operation = SimpleNamespace(**({"key_scope": scope} if scope else {}))
    request.resolver_match = cast(Any, SimpleNamespace(func=operation))
    return request


@pytest.mark.parametrize(
    ("scope", "words"), [("calls:write", "lacks the scope calls:write"), (None, "takes no API keys")]
)
def test_a_key_does_only_what_its_scopes_say(acme: Business, member: MakeMember, scope: str | None, words: str) -> None:
    with business_scope(acme):
        _, secret = ApiKey.issue(member=member("admin"), name="crm", scopes=["calls:read", "billing:read"])
        request = Request(asking_for(scope, Authorization=f"Bearer {secret}"))
        with pytest.raises(ScopeRefused, match=words):
            ApiKeyAuthentication().authenticate(request)


@pytest.mark.parametrize("header", ["", "Basic abc", "Bearer", "Bearer ", "Token sp_x"])
def test_other_schemes_are_left_to_others(acme: Business, header: str) -> None:
    with business_scope(acme):
        assert ApiKeyAuthentication().authenticate(Request(request_to("acme.localhost", Authorization=header))) is None


@pytest.mark.parametrize("secret", ["sp_", "x", "sp_" + "a" * 10_000, "sp_' OR 1=1 --"])
def test_a_made_up_key_is_refused(acme: Business, secret: str) -> None:
    request = Request(request_to("acme.localhost", Authorization=f"Bearer {secret}"))
    with business_scope(acme), pytest.raises(AuthenticationFailed):
        ApiKeyAuthentication().authenticate(request)


async def test_a_database_that_is_down_ends_no_call(acme: Business) -> None:
    scope = {
        "business": acme,
        "member": MemberRef(1, "Ada", frozenset({"rep"})),
        "credential": Credential(session_key="x" * 32),
    }
    assert not await still_allowed(scope)
    name = sql.Identifier(services.database(services.worker()))
    admin_url = os.environ[services.ADMIN_URL]
    async with await psycopg.AsyncConnection.connect(admin_url, autocommit=True) as admin:
        await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(name))
        app = services.app(services.worker())
        await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s", [app])
        try:
            connection.pool.timeout = 0.5  # type: ignore[attr-defined]
            assert await still_allowed(scope)
        finally:
            await admin.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(name))
    await database_sync_to_async(connection.close_pool)()  # type: ignore[attr-defined]
