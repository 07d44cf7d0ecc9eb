"""Calls in the admin: the log as it was written, for the admins of the business, to read only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from calls.models import Call, ReportState
from calls.reports import write_report
from tenants.context import Business, business_scope
from tenants.members.models import Member
from tests.reports.written import ended_call

MakeMember = Callable[..., Member]
ClientFor = Callable[..., Client]

pytestmark = pytest.mark.usefixtures("committed_db")


@pytest.fixture
def call(acme: Business, member: MakeMember, committed_db: None) -> Call:
    with business_scope(acme):
        call = ended_call(member("rep"), customer="Initech")
        # The sale's signal has no quote; the log shows entries of any shape.
        write_report(call.pk)
        return Call.objects.get(pk=call.pk)


def test_an_admin_reads_the_log_and_finds_the_report(call: Call, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin"))
    assert "Initech" in client.get("/admin/calls/call/").content.decode()
    text = client.get(f"/admin/calls/call/{call.pk}/change/").content.decode()
    assert "Customer: We need a new plan" in text
    assert "Most teams save eleven hours weekly" in text
    assert f"/calls/{call.pk}/report/" in text
    assert "deepgram nova-3: 120,000 audio ms" in text


def test_nothing_can_be_added_changed_or_deleted(call: Call, member: MakeMember, client_for: ClientFor) -> None:
    client = client_for(member("admin"))
    assert client.get("/admin/calls/call/add/").status_code == 403
    assert client.post(f"/admin/calls/call/{call.pk}/change/", {"customer": "x"}).status_code == 403
    assert client.post(f"/admin/calls/call/{call.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_stranger_does_not_find_it(call: Call, globex: Business, member: MakeMember, client_for: ClientFor) -> None:
    stranger = client_for(member("admin", business=globex))
    assert "Initech" not in stranger.get("/admin/calls/call/").content.decode()
    page = stranger.get(f"/admin/calls/call/{call.pk}/change/", follow=True)
    assert "Initech" not in page.content.decode()


@pytest.mark.parametrize("role", ["rep", "manager", "billing"])
def test_other_roles_do_not_read_logs(role: str, call: Call, member: MakeMember, client_for: ClientFor) -> None:
    assert client_for(member(role)).get(f"/admin/calls/call/{call.pk}/change/").status_code in {302, 403}


def test_operators_have_no_calls(call: Call, operator: Callable[[], Member], client_for: ClientFor) -> None:
    assert client_for(operator()).get("/admin/calls/call/").status_code == 403


def test_an_admin_has_a_report_written_again(
    call: Call, acme: Business, globex: Business, member: MakeMember, client_for: ClientFor
) -> None:
    form = {"action": "write_again", "_selected_action": [str(call.pk)]}
    client_for(member("admin", business=globex)).post("/admin/calls/call/", form)
    with business_scope(acme):
        assert Call.objects.get(pk=call.pk).report_state == ReportState.READY, "not by a stranger"
        Call.objects.filter(pk=call.pk).update(report_state=ReportState.FAILED, report_attempts=5)
    assert client_for(member("admin")).post("/admin/calls/call/", form).status_code == 302
    with business_scope(acme):
        due = Call.objects.get(pk=call.pk)
        assert (due.report_state, due.report_attempts) == (ReportState.DUE, 0)
        assert write_report(call.pk)
