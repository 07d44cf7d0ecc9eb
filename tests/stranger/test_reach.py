"""A call inside its own business: who is in reach of it and when, over every address and every socket of calls."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from calls.live.threads import in_thread
from calls.models import Call, CallState
from tenants.context import Business, business_scope
from tenants.house.models import Policy
from tenants.members.models import Scope
from tests.conftest import MakeMember
from tests.stranger.conftest import Visitor
from tests.stranger.planted import Planted, key_of
from tests.stranger.routes import Route
from tests.stranger.rules import ADMIN, MANAGER, REP, ROLES
from tests.stranger.test_routes import METHODS, body_of, is_refused, knock, pages
from tests.stranger.test_sockets import REFUSALS, addresses, refusal
from tests.stranger.values import CANARY

pytestmark = pytest.mark.timeout(400)


def of_a_call() -> list[Route]:
    return [route for route in pages() if "call_id" in route.parameters]


def shown(client: Client, planted: Planted, *, but: frozenset[str] = frozenset()) -> list[tuple[object, ...]]:
    """What of the planted call the client gets, anywhere. Pages that list calls must not name it either."""
    found: list[tuple[object, ...]] = []
    for route in pages():
        for method in METHODS:
            if route.name in {"sign_out", *but}:
                continue
            answer = knock(client, method, route.at(planted.values()))
            if f"{CANARY} customer" in body_of(answer) or f"{CANARY} said" in body_of(answer):
                found.append((route.name, method, "canary"))
            if "call_id" in route.parameters and not is_refused(answer):
                found.append((route.name, method, answer.status_code))
    return found


@pytest.mark.parametrize("role", [REP, MANAGER])
def test_who_leads_no_team_of_the_rep_sees_nothing_of_the_call(
    planted: Planted, acme: Business, visitor: Visitor, role: str
) -> None:
    assert shown(visitor(acme, role, is_in_team=False), planted) == []


def test_to_be_in_the_reps_team_shows_nothing_of_the_call(planted: Planted, acme: Business, visitor: Visitor) -> None:
    assert shown(visitor(acme, REP), planted) == []


def hold(planted: Planted) -> None:
    """The call has just ended, and its rep sees it first."""
    with business_scope(planted.business):
        Policy.objects.update(rep_first_hours=48)
        Call.objects.update(ended_at=timezone.now())


@pytest.mark.parametrize("role", [MANAGER, ADMIN])
def test_a_call_that_its_rep_sees_first_is_shown_to_nobody_else(
    planted: Planted, acme: Business, visitor: Visitor, role: str
) -> None:
    """That there was one, with whom and when, they may know; an admin may open it, which the audit log keeps."""
    hold(planted)
    colleague = visitor(acme, role)
    got_in: list[tuple[object, ...]] = []
    for route in of_a_call():
        for method in METHODS:
            if (route.name, role) in {("release_report", ADMIN), ("api_call_costs", ADMIN)}:
                continue
            answer = knock(colleague, method, route.at(planted.values()))
            if any(f"{CANARY} {word}" in body_of(answer) for word in ("said", "summary", "quote", "say", "point")):
                got_in.append((route.name, method, "canary"))
            if not is_refused(answer):
                got_in.append((route.name, method, answer.status_code))
    assert got_in == []


def test_the_admin_pages_of_a_held_call_show_nothing_said(planted: Planted, acme: Business, visitor: Visitor) -> None:
    hold(planted)
    page = knock(visitor(acme, ADMIN), "get", f"/admin/calls/call/{planted.call_id}/change/")
    assert page.status_code == 200
    assert f"{CANARY} said" not in body_of(page)


@pytest.mark.parametrize("role", [MANAGER, ADMIN])
def test_a_call_that_may_not_be_watched_is_shown_to_nobody_while_it_runs(
    planted: Planted, acme: Business, visitor: Visitor, role: str
) -> None:
    with business_scope(planted.business):
        Policy.objects.update(allow_live_watching=False)
        Call.objects.update(state=CallState.OPEN)
    lists = {route.name for route in pages() if "call_id" not in route.parameters}
    # An admin knows what it costs, and is told so when there is nothing to release.
    rights = {"api_call_costs", "release_report"} if role == ADMIN else set()
    assert shown(visitor(acme, role), planted, but=frozenset(lists | rights)) == []


async def test_every_socket_refuses_a_manager_of_another_team(
    planted: Planted, acme: Business, member: MakeMember
) -> None:
    key = await in_thread(lambda: key_of(member(MANAGER, business=acme, is_in_team=False), acme))()
    for path in addresses(planted.call_id):
        assert await refusal(path, "acme.localhost", key=key) in REFUSALS, path


async def test_every_socket_refuses_a_key_without_its_scope(
    planted: Planted, acme: Business, member: MakeMember
) -> None:
    key = await in_thread(lambda: key_of(member(*ROLES, business=acme), acme, Scope.BILLING_READ))()
    for path in addresses(planted.call_id):
        assert await refusal(path, "acme.localhost", key=key) in REFUSALS, path


@pytest.mark.parametrize("role", [MANAGER, ADMIN])
async def test_every_socket_refuses_who_may_not_see_the_call_yet(
    planted: Planted, acme: Business, member: MakeMember, role: str
) -> None:
    await in_thread(lambda: hold(planted))()
    key = await in_thread(lambda: key_of(member(role, business=acme), acme))()
    for path in addresses(planted.call_id):
        assert await refusal(path, "acme.localhost", key=key) in REFUSALS, path
