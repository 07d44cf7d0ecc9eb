"""The audit log in the admin: for admins alone, to search, to filter and to export; nothing else."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.test import Client
from django.utils import timezone

from tenants.audit import export
from tenants.audit.models import Action, AuditLine, Via
from tenants.audit.services import record
from tenants.context import Business, business_scope
from tenants.members.models import Member
from tests.conftest import ClientFor, MakeMember

PAGE = "/admin/audit/auditline/"
EXPORT = f"{PAGE}export/"
HOSTILE = '=HYPERLINK("http://evil.example")'

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def admin(member: MakeMember, client_for: ClientFor, acme: Business) -> Client:
    """Mo has looked at a call and Bo has changed a prompt, a month ago."""
    mo, bo = member("manager", name="Mo Morgan"), member("admin", name="Bo Berg")
    with business_scope(acme):
        record(Action.CALL_VIEWED, actor=mo, via=Via.WEB, subject="call", subject_id="c0ffee00-1")
        AuditLine.objects.create(
            at=timezone.now() - timedelta(days=31),
            actor_id=bo.pk,
            actor_name=bo.name,
            via=Via.ADMIN,
            action=Action.PROMPT_CHANGED,
            subject="prompt",
            subject_id="7",
            subject_name="Live prompt",
            detail={"fields": ["system"]},
        )
        record(Action.ERASED, actor=None, via=Via.TASK, subject="retention", detail={"recordings": 3})
    return client_for(member("admin", name="Alex Chen"))


def rows(client: Client, query: str = "") -> list[list[str]]:
    """Of the export, without its head."""
    answer = client.get(f"{EXPORT}{query}")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")

    async def read() -> list[str]:
        return [portion async for portion in answer]  # type: ignore[attr-defined]

    text = b"".join(async_to_sync(read)()).decode()  # type: ignore[arg-type]
    return list(csv.reader(text.splitlines()))[1:]


def persons(client: Client, query: str = "") -> list[str]:
    return [row[1] for row in rows(client, query)]


def test_the_list_says_who_did_what_to_which_thing(admin: Client) -> None:
    page = admin.get(PAGE).content.decode()
    assert all(words in page for words in ("Mo Morgan", "Looked at a call", "Call c0ffee00", "recordings: 3", "System"))


def test_the_list_names_the_members_of_a_change(admin: Client, acme: Business) -> None:
    with business_scope(acme):
        mo = Member.objects.get(name="Mo Morgan")
        detail = {"leaders_added": [mo.pk], "members_removed": [987_654]}
        record(Action.TEAM_CHANGED, actor=None, via=Via.COMMAND, subject="team", subject_name="North", detail=detail)
    assert "leaders added: Mo Morgan; members removed: member 987654" in admin.get(PAGE).content.decode()


def test_search_finds_a_person_a_thing_and_an_id(admin: Client) -> None:
    assert persons(admin, "?q=morgan") == ["Mo Morgan"]
    assert persons(admin, "?q=live+prompt") == ["Bo Berg"]
    assert persons(admin, "?q=c0ffee00-1") == ["Mo Morgan"]


def test_filters_by_action_subject_way_and_date(admin: Client) -> None:
    assert persons(admin, "?action__exact=prompt_changed") == ["Bo Berg"]
    assert persons(admin, "?subject=call") == ["Mo Morgan"]
    assert persons(admin, "?via__exact=task") == [""]
    today = timezone.now().strftime("%Y-%m-%d 00:00:00+00:00").replace("+", "%2B")
    assert "Bo Berg" not in persons(admin, f"?at__gte={today}")
    month = (timezone.now() - timedelta(days=31)).month
    assert persons(admin, f"?at__month={month}&q=berg") == ["Bo Berg"]


def test_filters_by_person_and_by_the_system(admin: Client, acme: Business) -> None:
    with business_scope(acme):
        mo = Member.objects.get(name="Mo Morgan")
    assert persons(admin, f"?person={mo.pk}") == ["Mo Morgan"]
    assert persons(admin, "?person=system") == [""]
    assert persons(admin, "?person=nonsense") == []


def test_the_export_leaves_a_line_that_names_filters_and_not_what_was_searched(admin: Client, acme: Business) -> None:
    rows(admin, "?q=morgan&via__exact=web")
    with business_scope(acme):
        line = AuditLine.objects.get(action="exported")
    assert (line.actor_name, line.subject, line.detail) == ("Alex Chen", "audit log", {"filters": ["q", "via__exact"]})


def test_the_export_reads_in_portions_and_misses_none(
    admin: Client, acme: Business, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PORTION", 2)
    with business_scope(acme):
        for number in range(6):
            record(Action.EXPORTED, actor=None, via=Via.COMMAND, subject="costs", subject_id=number)
    assert [row[6] for row in rows(admin, "?subject=costs")] == ["5", "4", "3", "2", "1", "0"]


def test_a_name_that_is_a_formula_does_not_run_in_a_spreadsheet(
    admin: Client, member: MakeMember, acme: Business
) -> None:
    eve = member("rep", name=HOSTILE)
    with business_scope(acme):
        record(Action.MEMBER_CHANGED, actor=eve, via=Via.WEB, subject="member", subject_name="@SUM(A1)")
    (row,) = rows(admin, "?subject=member&via__exact=web")
    assert (row[1], row[7]) == (f"'{HOSTILE}", "'@SUM(A1)")


@pytest.mark.parametrize("page", ["add/", "{}/delete/", "{}/change/"])
def test_nothing_is_added_changed_or_deleted(admin: Client, acme: Business, page: str) -> None:
    with business_scope(acme):
        line = AuditLine.objects.order_by("id").first()
        assert line is not None
    answer = admin.post(PAGE + page.format(line.pk), {"post": "yes", "actor_name": "Nobody"})
    assert answer.status_code == 403
    with business_scope(acme):
        assert AuditLine.objects.get(pk=line.pk).actor_name == line.actor_name


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
@pytest.mark.parametrize("page", [PAGE, EXPORT])
def test_other_roles_do_not_see_it(
    admin: Client, member: MakeMember, client_for: ClientFor, role: str, page: str
) -> None:
    assert client_for(member(role)).get(page, follow=True).status_code == 403


def test_nobody_signed_in_is_sent_to_sign_in(admin: Client, client_for: ClientFor) -> None:
    assert client_for(None).get(EXPORT).status_code == 302


def test_a_stranger_sees_and_exports_own_lines_only(
    admin: Client, member: MakeMember, client_for: ClientFor, globex: Business
) -> None:
    stranger = client_for(member("admin", business=globex))
    assert "Mo Morgan" not in stranger.get(PAGE).content.decode()
    assert [row[5] for row in rows(stranger)] == ["audit log"]


def test_the_export_of_costs_leaves_a_line_too(admin: Client, member: MakeMember, client_for: ClientFor) -> None:
    client_for(member("billing", name="Bea")).get("/billing/days.csv")
    assert [row[6] for row in rows(admin, "?subject=costs")] == ["days"]
