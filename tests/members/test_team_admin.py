"""Teams in the admin: who may, what it refuses, and the lines it leaves."""

from __future__ import annotations

import pytest
from django.test import Client

from tenants.audit.models import AuditLine
from tenants.context import Business
from tenants.members.models import Team
from tests.conftest import ClientFor, MakeMember
from tests.members.conftest import Sales

ADD = "/admin/members/team/add/"


@pytest.fixture
def admin(rolled_back: None, member: MakeMember, client_for: ClientFor) -> Client:
    return client_for(member("admin", name="Alex", is_in_team=False))


def lines() -> list[AuditLine]:
    return list(AuditLine.objects.filter(action="team_changed").order_by("id"))


def test_an_admin_makes_a_team_and_a_line_says_who_is_in_it(admin: Client, sales: Sales) -> None:
    form = {"name": "East", "members": [sales.ada.pk, sales.bo.pk], "leaders": [sales.mo.pk]}
    assert admin.post(ADD, form).status_code == 302
    team = Team.objects.get(name="East")
    assert set(team.members.all()) == {sales.ada, sales.bo}
    line = lines()[-1]
    assert (line.actor_name, line.subject, line.subject_id, line.subject_name) == ("Alex", "team", str(team.pk), "East")
    members = sorted([sales.ada.pk, sales.bo.pk])
    assert line.detail == {"act": "added", "fields": ["name"], "members_added": members, "leaders_added": [sales.mo.pk]}


def test_a_change_says_who_came_and_who_went(admin: Client, sales: Sales) -> None:
    page = f"/admin/members/team/{sales.team.pk}/change/"
    assert admin.post(page, {"name": "North", "members": [sales.bo.pk]}).status_code == 302
    assert lines()[-1].detail == {
        "act": "changed",
        "members_added": [sales.bo.pk],
        "members_removed": [sales.ada.pk],
        "leaders_removed": [sales.mo.pk],
    }


def test_saving_without_a_change_leaves_no_line(admin: Client, sales: Sales) -> None:
    page = f"/admin/members/team/{sales.team.pk}/change/"
    admin.post(page, {"name": "North", "members": [sales.ada.pk], "leaders": [sales.mo.pk]})
    assert lines() == []


def test_removing_a_team_leaves_a_line(admin: Client, sales: Sales) -> None:
    assert admin.post(f"/admin/members/team/{sales.team.pk}/delete/", {"post": "yes"}).status_code == 302
    assert lines()[-1].detail["act"] == "removed"


def test_only_managers_lead(admin: Client, sales: Sales) -> None:
    page = admin.post(ADD, {"name": "East", "leaders": [sales.ada.pk]}).content.decode()
    assert "Only managers lead a team. Give the role Manager first to: Ada." in page
    assert not Team.objects.filter(name="East").exists()


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_other_roles_have_no_teams_in_the_admin(
    rolled_back: None, member: MakeMember, client_for: ClientFor, role: str
) -> None:
    assert client_for(member(role)).get("/admin/members/team/", follow=True).status_code == 403


def test_a_stranger_neither_sees_nor_changes_a_team(
    sales: Sales, member: MakeMember, client_for: ClientFor, globex: Business
) -> None:
    client = client_for(member("admin", business=globex))
    assert "North" not in client.get("/admin/members/team/").content.decode()
    assert client.post(f"/admin/members/team/{sales.team.pk}/change/", {"name": "Mine"}).status_code == 302
    sales.team.refresh_from_db()
    assert sales.team.name == "North"


def test_a_new_manager_without_a_team_is_pointed_out(admin: Client) -> None:
    form = {"name": "Lou", "email": "lou@example.com", "roles": ["manager"], "is_active": "on"}
    page = admin.post("/admin/members/member/add/", {**form, "new_password": "a-password-for-tests"}, follow=True)
    assert "Lou leads no team yet" in page.content.decode()


def test_new_roles_leave_a_line_with_before_and_after(admin: Client, sales: Sales) -> None:
    form = {"name": "Ada", "email": sales.ada.email, "roles": ["rep", "manager"], "is_active": "on"}
    assert admin.post(f"/admin/members/member/{sales.ada.pk}/change/", form).status_code == 302
    line = AuditLine.objects.get(action="roles_changed")
    assert line.detail == {"before": ["rep"], "after": ["manager", "rep"]}
    assert not AuditLine.objects.filter(action="member_changed").exists()


def test_a_disabled_member_leaves_a_line(admin: Client, sales: Sales) -> None:
    form = {"name": "Ada", "email": sales.ada.email, "roles": ["rep"]}
    assert admin.post(f"/admin/members/member/{sales.ada.pk}/change/", form).status_code == 302
    line = AuditLine.objects.get(action="member_changed")
    assert line.detail == {"act": "changed", "fields": ["is_active"], "is_active": False}
