"""Every look at a call leaves a line; polls and sockets that come back leave one, not hundreds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from calls import looks, services
from tenants.audit.models import Action, AuditLine, Via
from tenants.members.refs import MemberRef
from tests.conftest import ClientFor, MakeMember
from tests.members.conftest import Sales
from tests.pages.conftest import MakeCall


def noted(action: str = "") -> list[AuditLine]:
    lines = AuditLine.objects.order_by("id")
    return list(lines.filter(action=action) if action else lines)


def test_each_opening_of_a_report_is_a_line(sales: Sales, client_for: ClientFor) -> None:
    for who in (sales.mo, sales.mo, sales.ada):
        client_for(who).get(f"/calls/{sales.call_of_ada.pk}/report/")
    assert [line.actor_name for line in noted("call_viewed")] == ["Mo", "Mo", "Ada"]
    assert {(line.via, line.subject, line.subject_id) for line in noted()} == {
        ("web", "call", str(sales.call_of_ada.pk))
    }


def test_asking_whether_the_report_is_there_is_no_look(sales: Sales, client_for: ClientFor) -> None:
    client_for(sales.mo).get(f"/calls/{sales.call_of_ada.pk}/report/state/")
    assert noted() == []


def test_opening_the_watch_page_is_a_line(sales: Sales, client_for: ClientFor, call_of: MakeCall) -> None:
    client_for(sales.mo).get(f"/live/{call_of(sales.ada).pk}/")
    assert [(line.actor_name, line.action) for line in noted()] == [("Mo", "call_watched")]


def test_a_refused_look_leaves_no_line(sales: Sales, client_for: ClientFor) -> None:
    client_for(sales.mo).get(f"/calls/{sales.call_of_bo.pk}/report/")
    assert noted("call_viewed") == []


def test_polls_leave_one_line_in_half_an_hour(sales: Sales) -> None:
    mo = MemberRef.from_member(sales.mo)
    for via in (Via.API, Via.API, Via.SOCKET):
        services.read_call(sales.call_of_ada.pk, mo, via=via)
    assert [(line.actor_name, line.via) for line in noted("call_viewed")] == [("Mo", "api")]


def test_who_still_looks_after_half_an_hour_leaves_another(sales: Sales, monkeypatch: pytest.MonkeyPatch) -> None:
    mo = MemberRef.from_member(sales.mo)
    services.read_call(sales.call_of_ada.pk, mo, via=Via.API)
    monkeypatch.setattr(looks, "SAME_LOOK", timedelta(0))
    services.read_call(sales.call_of_ada.pk, mo, via=Via.API)
    assert len(noted("call_viewed")) == 2


def test_a_colleagues_look_does_not_hide_anothers(sales: Sales) -> None:
    for who in (sales.mo, sales.ada):
        services.read_call(sales.call_of_ada.pk, MemberRef.from_member(who), via=Via.API)
    assert len(noted("call_viewed")) == 2


def test_the_person_on_a_running_call_leaves_none(sales: Sales, call_of: MakeCall) -> None:
    services.read_call(call_of(sales.ada).pk, MemberRef.from_member(sales.ada), via=Via.SOCKET)
    assert noted() == []


def test_a_look_in_the_admin_is_a_line(sales: Sales, client_for: ClientFor, member: MakeMember) -> None:
    client = client_for(member("admin", name="Alex"))
    client.get("/admin/calls/call/")
    client.get(f"/admin/calls/call/{sales.call_of_ada.pk}/change/")
    assert [(line.actor_name, line.action, line.via) for line in noted()] == [("Alex", "call_viewed", "admin")]


def test_no_line_names_the_customer_or_what_was_said(sales: Sales, client_for: ClientFor) -> None:
    client_for(sales.mo).get(f"/calls/{sales.call_of_ada.pk}/report/")
    (line,) = noted()
    assert "Northwind" not in str(line.__dict__)
    assert line.detail == {}


def test_having_a_report_written_again_leaves_a_line(sales: Sales, client_for: ClientFor, member: MakeMember) -> None:
    client_for(member("admin")).post(
        "/admin/calls/call/", {"action": "write_again", "_selected_action": [str(sales.call_of_ada.pk)]}
    )
    assert [line.subject_id for line in noted(Action.REPORT_REWRITTEN)] == [str(sales.call_of_ada.pk)]
