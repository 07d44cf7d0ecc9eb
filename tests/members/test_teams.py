"""A manager sees the calls of the teams they lead, and nobody else's, wherever calls are shown."""

from __future__ import annotations

import pytest

from calls.demo import build
from calls.models import Call
from tenants.context import Business, business_scope
from tenants.members.access import Reach, leads_nobody, reach_of
from tenants.members.models import Member, Team
from tenants.members.refs import MemberRef
from tests.conftest import ClientFor, MakeMember
from tests.members.conftest import Sales
from tests.pages.conftest import MakeCall


def ids(*members: Member) -> frozenset[int]:
    return frozenset(member.pk for member in members)


def test_a_manager_reaches_the_teams_they_lead_and_themselves(sales: Sales) -> None:
    assert reach_of(sales.mo) == Reach(member_ids=ids(sales.mo, sales.ada))


def test_it_is_the_same_for_a_member_as_a_value(sales: Sales) -> None:
    assert reach_of(MemberRef.from_member(sales.mo)) == reach_of(sales.mo)


def test_a_manager_of_no_team_reaches_only_themselves(rolled_back: None, member: MakeMember) -> None:
    lone = member("manager", is_in_team=False)
    member("rep")
    assert reach_of(lone) == Reach(member_ids=ids(lone))
    assert leads_nobody(lone)


def test_being_in_a_team_shows_nobody_elses_calls(sales: Sales) -> None:
    sales.team.members.add(sales.mo, sales.bo)
    assert reach_of(sales.bo) == Reach(member_ids=ids(sales.bo))


def test_a_leader_who_is_no_manager_any_more_leads_nobody(sales: Sales) -> None:
    sales.mo.roles = ["rep"]
    sales.mo.save()
    assert reach_of(sales.mo) == Reach(member_ids=ids(sales.mo))


@pytest.mark.parametrize(("roles", "reach"), [(["admin"], Reach(is_everyone=True)), (["billing"], Reach())])
def test_admins_reach_everyone_and_billing_staff_nobody(
    rolled_back: None, member: MakeMember, roles: list[str], reach: Reach
) -> None:
    assert reach_of(member(*roles, is_in_team=False)) == reach


def test_roles_add_up(sales: Sales, member: MakeMember) -> None:
    both = member("billing", "rep", is_in_team=False)
    assert reach_of(both) == Reach(member_ids=ids(both))


def test_a_stranger_with_the_same_number_reaches_nothing_here(sales: Sales, globex: Business) -> None:
    """Numbers of members repeat from business to business: a team of another one is not asked."""
    with business_scope(globex):
        stranger = Member(pk=sales.mo.pk, name="Eve", email="eve@example.com", roles=["manager"])
        assert reach_of(stranger).member_ids == {sales.mo.pk}


def test_the_list_and_its_filter_show_own_teams_only(sales: Sales, client_for: ClientFor) -> None:
    page = client_for(sales.mo).get("/calls/").content.decode()
    assert ("Northwind" in page, "Southfield" in page) == (True, False)
    assert (">Ada</option>" in page, ">Bo</option>" in page) == (True, False)


def test_asking_the_list_for_somebody_else_finds_nothing(sales: Sales, client_for: ClientFor) -> None:
    page = client_for(sales.mo).get(f"/calls/?member={sales.bo.pk}").content.decode()
    assert "Southfield" not in page


@pytest.mark.parametrize("path", ["/", "/live/", "/live/?part=rows"])
def test_live_calls_of_other_teams_are_on_no_board(
    sales: Sales, client_for: ClientFor, call_of: MakeCall, path: str
) -> None:
    call_of(sales.ada, customer="Live North")
    call_of(sales.bo, customer="Live South")
    page = client_for(sales.mo).get(path).content.decode()
    assert ("Live North" in page, "Live South" in page) == (True, False)


@pytest.mark.parametrize("page", ["/calls/{}/report/", "/calls/{}/report/state/", "/calls/{}/"])
def test_a_call_of_another_team_opens_to_nobody_but_its_own(sales: Sales, client_for: ClientFor, page: str) -> None:
    address = page.format(sales.call_of_bo.pk)
    found = {who.name: client_for(who).get(address).status_code for who in (sales.mo, sales.ada)}
    assert found == {"Mo": 403, "Ada": 403}


def test_a_live_call_of_another_team_can_not_be_watched(sales: Sales, client_for: ClientFor, call_of: MakeCall) -> None:
    theirs, ours = call_of(sales.bo), call_of(sales.ada)
    client = client_for(sales.mo)
    assert client.get(f"/live/{theirs.pk}/").status_code == 403
    assert client.get(f"/live/{ours.pk}/").status_code == 200


def test_who_loses_the_team_loses_its_calls(sales: Sales, client_for: ClientFor) -> None:
    client = client_for(sales.mo)
    page = f"/calls/{sales.call_of_ada.pk}/report/"
    assert client.get(page).status_code == 200
    sales.team.leaders.remove(sales.mo)
    assert client.get(page).status_code == 403
    assert client.get("/calls/").content.decode().count("You lead no team yet") == 1


def test_a_manager_still_sees_own_calls(sales: Sales, client_for: ClientFor, call_of: MakeCall) -> None:
    Team.objects.all().delete()
    own = call_of(sales.mo, report="model")
    assert client_for(sales.mo).get(f"/calls/{own.pk}/report/").status_code == 200


def test_an_admin_sees_every_teams_calls(sales: Sales, client_for: ClientFor, member: MakeMember) -> None:
    page = client_for(member("admin", is_in_team=False)).get("/calls/").content.decode()
    assert ("Northwind" in page, "Southfield" in page) == (True, True)


def test_a_stranger_sees_none_of_it(sales: Sales, client_for: ClientFor, member: MakeMember, globex: Business) -> None:
    client = client_for(member("admin", business=globex))
    assert "Northwind" not in client.get("/calls/").content.decode()
    assert client.get(f"/calls/{sales.call_of_ada.pk}/report/").status_code == 404
    with business_scope(globex):
        assert not Call.objects.exists()


def test_the_demos_manager_sees_the_calls_of_the_demos_reps(rolled_back: None, member: MakeMember) -> None:
    mo, ada, bea = (member(role, is_in_team=False) for role in ("manager", "rep", "billing"))
    for _ in range(2):
        build.give_team()
    assert reach_of(mo) == Reach(member_ids=ids(mo, ada))
    assert not bea.teams.exists()


def test_a_team_that_an_admin_changed_is_left_alone_by_the_demo(rolled_back: None, member: MakeMember) -> None:
    mo = member("manager", is_in_team=False)
    build.give_team()
    Team.objects.get().leaders.clear()
    build.give_team()
    assert leads_nobody(mo)
